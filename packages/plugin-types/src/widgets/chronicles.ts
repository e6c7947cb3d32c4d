/** A user as a widget shows them. */
export interface WidgetUser {
  readonly name: string;
  /** Address of a picture. */
  readonly avatar?: string;
}

export interface Activity {
  readonly id: string;
  /** What was done: `created`. */
  readonly action: string;
  /** To what kind of thing: `risk`. */
  readonly entityType: string;
  readonly entityName: string;
  readonly user: WidgetUser;
  /** ISO 8601. */
  readonly timestamp: string;
}

/** `activity-feed`: who did what (§14.2). */
export interface ActivityFeedData {
  readonly activities: readonly Activity[];
}

/** Also accepted in `activity-feed`: an activity told in words. */
export interface NarratedActivity {
  readonly id: string | number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly userName?: string;
  /** ISO 8601. */
  readonly timestamp: string;
}

/** Also accepted for `activity-feed`. */
export interface ActivityFeedInput {
  readonly activities: readonly (Activity | NarratedActivity)[];
}

export interface TimelineEvent {
  readonly id: string;
  readonly title: string;
  readonly description?: string;
  /** ISO 8601. */
  readonly timestamp: string;
  readonly type?: 'created' | 'updated' | 'deleted' | 'completed' | 'info' | 'warning' | 'error';
  /** Name of an icon. Default: by type. */
  readonly icon?: string;
  readonly user?: WidgetUser;
}

/** `timeline`: what happened, in order. */
export interface TimelineData {
  readonly events: readonly TimelineEvent[];
  readonly total: number;
}

export interface CalendarEvent {
  readonly id: string;
  readonly title: string;
  /** `YYYY-MM-DD`, or ISO 8601 with a time. */
  readonly date: string;
  readonly type?: 'deadline' | 'event' | 'reminder' | 'milestone';
  /** A CSS colour. Default: by type. */
  readonly color?: string;
  readonly url?: string;
}

/** `calendar`: what is due. The endpoint is asked with `?start=&end=`, both `YYYY-MM-DD`. */
export interface CalendarData {
  readonly events: readonly CalendarEvent[];
  readonly total: number;
}
