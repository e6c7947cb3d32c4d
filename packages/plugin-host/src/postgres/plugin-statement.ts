/** What a plugin may do with its tables, after its `database:*` permissions. */
export type DatabaseAccess = 'read' | 'write' | 'read-write';
