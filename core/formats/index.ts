// Formats of mail on disks: mbox, the names and lists of Maildirs, drop files. Imported as `mailwright/formats`.
export * from './drop-file.ts'
export * from './maildir/index.ts'
export * from './mbox.ts'
