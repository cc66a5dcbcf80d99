import { join } from 'node:path'
import { type SpecialUse, specialUse } from 'mailwright'
import { readSmallFile } from 'mailwright/disk'
import { type MboxContext, uniqueName } from './context.ts'
import { ifThere } from './disk-errors.ts'
import { replaceFile } from './durable-file.ts'

/** What is remembered of an account beside its mailboxes. */
export interface AccountFacts {
  /** The last UIDVALIDITY that was given. */
  readonly uidValidity: number
  readonly subscriptions: readonly string[]
  /** By mailbox. */
  readonly uses: ReadonlyMap<string, SpecialUse>
  /** By mailbox (`''` for the account) and then by entry name. */
  readonly annotations: ReadonlyMap<string, ReadonlyMap<string, Buffer>>
}

const fileName = 'account'
const nothing: AccountFacts = { uidValidity: 0, subscriptions: [], uses: new Map(), annotations: new Map() }
// A UIDVALIDITY further in the future is damage: believing it would use up the 32 bits.
const furthest = 366 * 86_400

/** The file `account` in an account's directory of ours, and the lock on it. */
export class AccountFile {
  readonly #context: MboxContext
  readonly #directory: string
  readonly #spool: string

  constructor(
    context: MboxContext,
    { control, spool }: { readonly control: string; readonly spool: string },
  ) {
    this.#context = context
    this.#directory = control
    this.#spool = spool
  }

  async read(): Promise<AccountFacts> {
    const found = await ifThere(readSmallFile(this.#context.files, join(this.#directory, fileName)))
    if (found === undefined) return nothing
    const facts = parseFacts(found.octets.toString('utf8'))
    if (facts !== undefined) return facts
    this.#context.log.warn('store-repaired', {
      file: join(this.#directory, fileName),
      reason: 'it was damaged',
    })
    return nothing
  }

  /** Changes it, one at a time among all processes; durable when it resolves. Nothing is written where nothing changes. */
  async change(change: (facts: AccountFacts) => AccountFacts): Promise<AccountFacts> {
    const { locks } = this.#context
    const lock = await locks.acquireOwn(join(this.#directory, `${fileName}.lock`))
    try {
      const before = await this.read()
      const after = change(before)
      if (after !== before) await this.#write(after, before)
      return after
    } finally {
      await lock.release()
    }
  }

  async #write(facts: AccountFacts, before: AccountFacts): Promise<void> {
    const replace = (content: AccountFacts): Promise<unknown> =>
      replaceFile(this.#context.files, {
        path: join(this.#directory, fileName),
        temporary: join(this.#spool, uniqueName()),
        octets: Buffer.from(formatFacts(content)),
      })
    try {
      await replace(facts)
    } catch (error) {
      // It may be there and not be durable; then what was before comes back.
      if (formatFacts(await this.read()) !== formatFacts(before)) await replace(before)
      throw error
    }
  }

  /**
   * A UIDVALIDITY that no mailbox of the account has had: the seconds since 1970, or one more than the last given where
   * the clock is behind that (RFC 9051 §2.3.1.1).
   */
  async nextUidValidity(previous = 0): Promise<number> {
    const now = Math.max(1, Math.floor(this.#context.clock.now() / 1000))
    const { uidValidity } = await this.change((facts) => {
      const used = [previous, facts.uidValidity].filter((value) => value < now + furthest)
      return { ...facts, uidValidity: Math.max(now, ...used.map((value) => value + 1)) }
    })
    return uidValidity
  }

  /** Takes note of a UIDVALIDITY that another program has given. Answers false where it cannot be a real one. */
  async adoptUidValidity(uidValidity: number): Promise<boolean> {
    if (uidValidity >= Math.floor(this.#context.clock.now() / 1000) + furthest) return false
    await this.change((facts) => (facts.uidValidity >= uidValidity ? facts : { ...facts, uidValidity }))
    return true
  }
}

const version = 1

function formatFacts({ uidValidity, subscriptions, uses, annotations }: AccountFacts): string {
  const lists = [...annotations].map(([mailbox, entries]) => [
    mailbox,
    [...entries].map(([name, value]) => [name, value.toString('base64')]),
  ])
  return `${JSON.stringify({ version, uidValidity, subscriptions, uses: [...uses], annotations: lists })}\n`
}

function parseFacts(text: string): AccountFacts | undefined {
  try {
    const facts = JSON.parse(text)
    if (facts.version !== version || !Number.isSafeInteger(facts.uidValidity)) return undefined
    return {
      uidValidity: facts.uidValidity,
      subscriptions: facts.subscriptions.map(String),
      uses: new Map(facts.uses.map(([name, use]: [string, string]) => [String(name), knownUse(use)])),
      annotations: new Map(
        facts.annotations.map(([mailbox, entries]: [string, [string, string][]]) => [
          String(mailbox),
          new Map(entries.map(([name, value]) => [String(name), Buffer.from(value, 'base64')])),
        ]),
      ),
    }
  } catch {
    return undefined
  }
}

function knownUse(text: string): SpecialUse {
  const use = specialUse(String(text))
  if (use === undefined) throw new TypeError('not a special use')
  return use
}
