import type { BaseEventPayload, Changed, Entity } from './payload.js';

export interface NoteEventPayload extends BaseEventPayload {
  noteId: number;
  /** What the note is attached to, such as `risk`. */
  entityType: string;
  entityId: number;
  note: Entity;
}

export interface FileEventPayload extends BaseEventPayload {
  fileId: number;
  /** What the file is attached to; absent if to nothing. */
  entityType?: string;
  entityId?: number;
  file: Entity;
}

/** Events of notes and files (§17.2). */
export interface AttachmentEvents {
  'note:created': NoteEventPayload;
  'note:updated': NoteEventPayload & Changed;
  'note:deleted': NoteEventPayload;

  'file:uploaded': FileEventPayload;
  'file:updated': FileEventPayload & Changed;
  'file:deleted': FileEventPayload;
}
