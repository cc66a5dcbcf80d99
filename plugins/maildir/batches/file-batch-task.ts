/** What a thread for files does. */
export type FileCall =
  | 'link'
  | 'rename'
  | 'unlink'
  | 'status'
  | 'read'
  | 'readCrlf'
  | 'measure'
  | 'create'
  | 'sync'

/** What a thread for messages makes of each. */
export type MessageWork = 'summary' | 'signature'

/** Work of one kind. */
export interface BatchTask<Kind extends string = FileCall> {
  readonly number: number
  readonly kind: Kind
  /** Of all calls one after the other, with NUL between them: one text is handed over faster than many. */
  readonly paths: string
  /** How many there are. */
  readonly count: number
  /** How files are opened. */
  readonly flags?: number
  /** Of new files. */
  readonly mode?: number
  /** Files with more octets are not read. */
  readonly most?: number
  /** For each new file how many octets it has. */
  readonly sizes?: readonly number[]
  /** They themselves, one file behind the other. */
  readonly octets?: ArrayBuffer
}

/** What became of the calls. */
export interface BatchAnswer {
  readonly number: number
  /** Which failed, and with which of the system's codes. */
  readonly failures: readonly (readonly [at: number, code: string])[]
  /**
   * Of each call that has one, the numbers that are made of a status, with what came of it at the end. Of messages how many
   * octets were made of each, -1 where nothing was.
   */
  readonly facts?: Float64Array<ArrayBuffer>
  /** What was read or made, one file behind the other. */
  readonly octets?: ArrayBuffer
}

/** Numbers of each status in an answer. */
export const factCount = 8
