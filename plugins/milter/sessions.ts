import {
  type Clock,
  confirmedName,
  type History,
  networksInclude,
  type PluginContext,
  type Resolver,
  type Session,
} from 'mailwright'
import { Availability } from './availability.ts'
import { MilterChain, type Record } from './chain.ts'
import type { KeptBodies } from './kept-bodies.ts'
import type { Milter, MilterSettings } from './milter.ts'
import type { MilterRole } from './options.ts'

// Milliseconds that a client waits for its own name at most.
const nameTimeout = 5_000
// Who hands in a message on this machine, as Postfix's cleanup(8) has it (`non_smtpd_milters`).
const localhost = { address: '127.0.0.1', port: 0 }

/** The chains of all sessions that milters see. */
export class Sessions {
  readonly #context: PluginContext
  readonly #milters: readonly Milter[]
  readonly #services: { readonly history: History | undefined; readonly resolver: Resolver | undefined }
  readonly #bodies: KeptBodies
  readonly #chains = new Map<Session, MilterChain>()
  readonly #connections = new Map<string, number>()
  readonly #mechanisms = new WeakMap<Session, string>()

  constructor(
    context: PluginContext,
    settings: readonly MilterSettings[],
    bodies: KeptBodies,
    services: { readonly history: History | undefined; readonly resolver: Resolver | undefined },
  ) {
    const { clock, spool, hostname, log } = context
    this.#context = context
    this.#bodies = bodies
    this.#services = services
    this.#milters = settings.map((one) => ({
      settings: one,
      availability: new Availability(one, log, clock),
      clock,
      spool,
      hostname,
    }))
  }

  /** The chain of a session that has a message; that of a program of this machine has begun with it, without a connection. */
  async findOrBegin(session: Session): Promise<MilterChain | undefined> {
    return this.find(session) ?? (session.role === 'local' ? await this.begin(session) : undefined)
  }

  /** The chain of a session; undefined where no milter sees it. */
  find(session: Session): MilterChain | undefined {
    return this.#chains.get(session)
  }

  /** Makes the chain of a new session. */
  async begin(session: Session): Promise<MilterChain | undefined> {
    const milters = this.#milters.filter(({ settings }) => sees(settings, session))
    if (milters.length === 0) return undefined
    const isLocal = session.role === 'local'
    const client = isLocal ? localhost : session.remote
    const { address } = session.remote
    const connections = (this.#connections.get(address) ?? 0) + 1
    this.#connections.set(address, connections)
    const mechanism = (): string | undefined => this.#mechanisms.get(session)
    const facts = {
      session,
      client,
      daemon: isLocal ? undefined : session.local,
      hostname: this.#context.hostname,
      clientName: undefined as string | undefined,
      connections,
      get mechanism() {
        return mechanism()
      },
    }
    const chain = new MilterChain(milters, facts, this.#bodies, this.#recorder(session))
    this.#chains.set(session, chain)
    facts.clientName = await withinTime(this.#context.clock, confirmedName(this.#services.resolver, client))
    return chain
  }

  /** What a client tries to log in with. */
  note(session: Session, mechanism: string): void {
    this.#mechanisms.set(session, mechanism)
  }

  end(session: Session): void {
    const chain = this.#chains.get(session)
    if (chain === undefined) return
    this.#chains.delete(session)
    const { address } = session.remote
    const others = (this.#connections.get(address) ?? 1) - 1
    if (others > 0) this.#connections.set(address, others)
    else this.#connections.delete(address)
    chain.end()
  }

  stop(): void {
    for (const session of [...this.#chains.keys()]) this.end(session)
  }

  #recorder({ id }: Session): Record {
    const { clock, name } = this.#context
    return ({ settings }, verb, text, transaction) =>
      this.#services.history?.record({
        at: clock.now(),
        verb,
        session: id,
        ...(transaction === undefined ? {} : { transaction: transaction.id }),
        by: name,
        text: `${settings.name}: ${text}`,
      })
  }
}

/** What the server itself tells somebody is no mail of programs, as with Postfix's `internal_mail_filter_classes`. */
function sees({ roles, exempt }: MilterSettings, { role, internal, remote }: Session): boolean {
  if (!roles.includes(internal ? 'internal' : (role as MilterRole))) return false
  return !networksInclude(exempt, remote.address)
}

/** The answer, where it comes in time. */
function withinTime<Answer>(clock: Clock, question: Promise<Answer>): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const timer = clock.after(nameTimeout, () => resolve(undefined))
    question
      .then(resolve, () => resolve(undefined))
      .finally(() => timer.cancel())
      .catch(() => undefined)
  })
}
