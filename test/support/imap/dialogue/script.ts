/** Which of the servers a dialogue is played with. */
export const serverNames = ['mailwright', 'dovecot', 'courier'] as const
export type ServerName = (typeof serverNames)[number]

/** One line of a dialogue that does something; `line` is its place in the file, from 1. */
export type ImapStep = { readonly line: number; readonly source: string; readonly connection: string } & (
  | {
      /** Sends text, with literals where it says so. */
      readonly kind: 'send'
      readonly pieces: readonly TextPiece[]
    }
  | {
      readonly kind: 'expect'
      /**
       * `next`: the next response; `any`: any number of responses, none included; `group`: one of a group that comes in any
       * order; `exact`: the next, octet for octet.
       */
      readonly how: 'next' | 'any' | 'group' | 'exact'
      readonly text: string
    }
  /** Whatever is untagged, up to what is expected next. */
  | { readonly kind: 'skip' }
  | { readonly kind: 'expect-end' | 'end' | 'cut' | 'tls' | 'deflate' }
)

/** Text of a client's line, or what is sent as a literal. */
export interface TextPiece {
  readonly text: string
  /** The literal that follows: how it is announced, and its octets. */
  readonly literal?: { readonly prefix: '' | '~'; readonly suffix: '' | '+'; readonly text: string }
}

/** A known difference of a server: where, why, and what it says instead. */
export interface Difference {
  readonly server: ServerName
  readonly reason: string
  /** The line that is played differently; undefined where the whole dialogue is left out. */
  readonly line: number | undefined
  readonly steps: readonly ImapStep[]
}

/** A message to be put into a mailbox before the dialogue. */
export interface Delivery {
  readonly mailbox: string
  /** Flags and date, as APPEND takes them. */
  readonly options: string
  readonly text: string
}

export interface ImapScript {
  /** Capabilities without which the dialogue means nothing. */
  readonly needs: readonly string[]
  readonly deliveries: readonly Delivery[]
  /** Whether the connections are left as they are opened: greeting unread, not logged in. */
  readonly isRaw: boolean
  /** A listener other than the usual, by its name. */
  readonly listener: string | undefined
  /** Accounts by connection; all others are the first account's. */
  readonly accounts: ReadonlyMap<string, string>
  readonly steps: readonly ImapStep[]
  readonly differences: readonly Difference[]
  /** What a server does wrong in this dialogue, and is known to. */
  readonly faults: readonly { readonly server: ServerName; readonly rule: string; readonly reason: string }[]
}

/** The steps as a server is to be played with; undefined where the dialogue leaves it out. */
export function stepsFor(script: ImapScript, server: ServerName): readonly ImapStep[] | undefined {
  const own = script.differences.filter((difference) => difference.server === server)
  if (own.some(({ line }) => line === undefined)) return undefined
  return script.steps.flatMap((step) => own.find(({ line }) => line === step.line)?.steps ?? [step])
}
