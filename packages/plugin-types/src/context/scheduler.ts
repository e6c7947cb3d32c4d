import type { Untyped } from '../untyped.js';

/** How a recurring job is scheduled (§19.3): exactly one of `cron` and `every`. */
export interface ScheduleJobOptions {
  /** Five fields, such as `0 * * * *` for every hour. */
  cron?: string;
  /** Time zone of `cron`, such as `Europe/Berlin`. Default UTC. */
  tz?: string;
  /** Interval in ms, an integer from 1000. */
  every?: number;
  /** Delay before the first execution in ms. Default 0. */
  delay?: number;
  /** How often it runs in all. Default: without end. */
  limit?: number;
  /** Lower runs first. Default 0. */
  priority?: number;
  /** How often a failing execution is tried in all. Default 3. */
  attempts?: number;
  /** How long to wait before the next attempt. Default: not at all. */
  backoff?: {
    type: 'fixed' | 'exponential';
    /** In ms; doubled with each attempt if exponential. */
    delay: number;
  };
}

/** What a job handler is told about its execution (§19.6). */
export interface JobContext {
  /** Id of the job; the same over its attempts. */
  jobId: string;
  /** Attempts made before this one: 0 at first. */
  attemptsMade: number;
  pluginId: string;
  tenant: string;
  /**
   * Stands for this one execution, however often it is attempted: a job may run twice after a crash, and this is what
   * to recognise it by.
   */
  runId: string;
}

/** A job that throws is tried again as its `attempts` and `backoff` say (§19.7). */
// A method's parameters compare both ways, so that a handler may name its data by a type of its own.
export type JobHandler<Data = Untyped> = {
  handle(data: Data, context: JobContext): unknown;
}['handle'];

export interface ScheduledJob {
  jobId: string;
  name: string;
  pluginId: string;
  /** When it runs next; absent if it will not. */
  nextRun?: Date;
}

/**
 * Background and recurring jobs (§19). Free to every plugin. Schedules survive restarts and run once in the whole
 * cluster; those of a disabled plugin are skipped. A handler given here exists only in the process that gave it; one
 * from `jobHandlers()`, or registered in `onLoad` or `onEnable`, exists in every process.
 */
export interface PluginScheduler {
  /**
   * Schedules a recurring job. The same definition again changes nothing; another under the same name replaces it.
   *
   * @throws SCHEDULE_INVALID
   */
  schedule<Data = Untyped>(
    name: string,
    handler: JobHandler<Data>,
    options: ScheduleJobOptions,
    data?: Data,
  ): Promise<ScheduledJob>;
  /** Runs a job once, `delay` ms from now. */
  scheduleOnce<Data = Untyped>(
    name: string,
    handler: JobHandler<Data>,
    delay: number,
    data?: Data,
  ): Promise<ScheduledJob>;
  /** Whether there was such a job. */
  cancel(name: string): Promise<boolean>;
  /** Cancels all jobs of this plugin; resolves with how many there were. */
  cancelAll(): Promise<number>;
  list(): Promise<ScheduledJob[]>;
  exists(name: string): Promise<boolean>;
}
