// For whoever keeps files: durable files and folders, names that are safe in paths, the room that is left, and who has
// left a lock. Imported as `mailwright/disk`.
export * from '../process-identity.ts'
export {
  isDiskFull,
  isMissing,
  storeError,
  systemCode,
  withStoreErrors,
} from './disk-errors.ts'
export type { RoomLook } from './disk-room.ts'
export {
  createFlags,
  type DurableFile,
  type DurableFiles,
  type NewContent,
  type ReadableFile,
  readFlags,
  readFully,
  readSmallFile,
  replaceDurably,
} from './durable-file.ts'
export { isFarAway } from './far-file-systems.ts'
export { fixedFolder } from './fixed-folder.ts'
export { percentOctets, safeName } from './safe-name.ts'
export { SharedRuns } from './shared-runs.ts'
export { syncFolder } from './sync-folder.ts'
export { type KeptFolder, requireWritableFolder } from './writable-folder.ts'
export { type WritableFile, writeFully } from './write-fully.ts'
