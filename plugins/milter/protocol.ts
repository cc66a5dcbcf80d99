// The words of the milter protocol, version 6, as libmilter has them in its file mfdef.h.

/** The version that we speak, and the oldest that a milter may answer. */
export const versions = { ours: 6, oldest: 2 } as const

/** What a milter is asked about, in the order of a session. */
export type Stage =
  | 'connect'
  | 'hello'
  | 'mail'
  | 'recipient'
  | 'data'
  | 'unknown'
  | 'header'
  | 'endOfHeader'
  | 'body'
  | 'endOfMessage'

interface StageCodes {
  /** The code of the command. */
  readonly command: string
  /** A milter with this flag does not want to be asked. */
  readonly unwanted: number
  /** A milter with this flag does not answer. */
  readonly silent: number
  /** The version that brought the command; absent: all have it. */
  readonly since?: number
}

export const stages: Readonly<Record<Stage, StageCodes>> = {
  connect: { command: 'C', unwanted: 0x1, silent: 0x1000 },
  hello: { command: 'H', unwanted: 0x2, silent: 0x2000 },
  mail: { command: 'M', unwanted: 0x4, silent: 0x4000 },
  recipient: { command: 'R', unwanted: 0x8, silent: 0x8000 },
  data: { command: 'T', unwanted: 0x200, silent: 0x1_0000, since: 4 },
  unknown: { command: 'U', unwanted: 0x100, silent: 0x2_0000, since: 3 },
  header: { command: 'L', unwanted: 0x20, silent: 0x80 },
  endOfHeader: { command: 'N', unwanted: 0x40, silent: 0x4_0000 },
  body: { command: 'B', unwanted: 0x10, silent: 0x8_0000 },
  endOfMessage: { command: 'E', unwanted: 0, silent: 0 },
}

/** Commands that are no stage: nobody answers them, but for the first. */
export const commands = { negotiate: 'O', macros: 'D', abort: 'A', quit: 'Q' } as const

/** Further flags of the protocol. */
export const protocolFlags = {
  /** A milter may answer that it has seen enough of a kind. */
  skip: 0x400,
  /** A milter wants to hear of recipients that were refused. */
  refusedRecipients: 0x800,
  /** Values of fields go both ways with the space in front of them. */
  leadingSpace: 0x10_0000,
  upTo256KiB: 0x1000_0000,
  upTo1MiB: 0x2000_0000,
} as const

/** All flags that every version up to 6 has: what a milter may ask for. */
export const allProtocolFlags = 0x1f_ffff

/** What a milter may change at the end of a message. */
export const actions = {
  addFields: 0x1,
  changeBody: 0x2,
  addRecipients: 0x4,
  removeRecipients: 0x8,
  changeFields: 0x10,
  quarantine: 0x20,
  changeSender: 0x40,
  addRecipientsWithParameters: 0x80,
  chooseMacros: 0x100,
} as const

/** All of them. */
export const allActions = 0x1ff
