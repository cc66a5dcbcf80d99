import { AccountKnowledge } from '../grammar/index.ts'
import { ImapClient, quote } from '../imap-client.ts'
import { expand, matches, type Scope } from './expectation.ts'
import { knownFaults } from './known-faults.ts'
import { type ImapScript, type ImapStep, stepsFor, type TextPiece } from './script.ts'
import type { DialogueAccount, DialogueServer } from './servers.ts'

/** What came of a dialogue. */
export interface Played {
  /** Why it was not played; undefined where it was. */
  readonly leftOut?: string
  /** What the server did wrong, of which the dialogue knows. */
  readonly faults: readonly string[]
}

/** A dialogue that went another way. The message shows it whole. */
export class ImapDialogueError extends Error {}

/**
 * Plays a dialogue with a server, on an account of its own. Every response is checked by the grammar and the rules of the
 * session as well; what breaks them fails the dialogue, unless `@breaks` names it.
 */
export async function playImapScript(script: ImapScript, server: DialogueServer): Promise<Played> {
  const steps = stepsFor(script, server.name)
  if (steps === undefined) {
    const why = script.differences.find((each) => each.server === server.name && each.line === undefined)
    return { leftOut: why?.reason ?? '', faults: [] }
  }
  const { listener } = script
  if (listener !== undefined && server.listeners?.has(listener) !== true)
    return { leftOut: `it has no listener that is ${listener}`, faults: [] }
  const missing = await missingCapabilities(script, server)
  if (missing.length > 0) return { leftOut: `it has no ${missing.join(', ')}`, faults: [] }
  const player = new Player(script, server)
  try {
    await player.prepare()
    await player.play(steps)
  } finally {
    player.close()
  }
  return { faults: player.faults }
}

async function missingCapabilities(script: ImapScript, server: DialogueServer): Promise<readonly string[]> {
  const capabilities = await server.capabilities()
  return script.needs.filter((name) => !capabilities.has(name.toUpperCase()))
}

class Player {
  readonly faults: string[] = []
  readonly #script: ImapScript
  readonly #server: DialogueServer
  readonly #scope: Scope
  readonly #accounts = new Map<string, DialogueAccount>()
  readonly #connections = new Map<string, Connection>()
  readonly #knowledge = new Map<string, AccountKnowledge>()

  constructor(script: ImapScript, server: DialogueServer) {
    this.#script = script
    this.#server = server
    this.#scope = { variables: new Map(), mailbox: (name) => server.mailbox(name) }
  }

  /** Makes the accounts and delivers the messages. */
  async prepare(): Promise<void> {
    for (const name of new Set(['', ...this.#script.accounts.values()])) {
      const account = await this.#server.account()
      this.#accounts.set(name, account)
      this.#scope.variables.set(`${name || 'user'}`, account.user)
    }
    const first = this.#account('1')
    this.#scope.variables.set('password', first.password)
    if (this.#script.deliveries.length > 0) await this.#deliver(first)
  }

  async #deliver({ user, password }: DialogueAccount): Promise<void> {
    const { port, alertsComeFirst = false } = this.#server
    const options = { alertsComeFirst, onViolation: () => undefined }
    const client = await ImapClient.open(port, user, password, options)
    const made = new Set(['INBOX'])
    for (const { mailbox, options, text } of this.#script.deliveries) {
      const name = quote(this.#server.mailbox(mailbox))
      if (!made.has(mailbox)) await client.ok(`CREATE ${name}`)
      made.add(mailbox)
      await client.ok(`APPEND ${name} ${options === '' ? '' : `${options} `}`, Buffer.from(text, 'latin1'))
    }
    await client.logOut()
  }

  async play(steps: readonly ImapStep[]): Promise<void> {
    for (const unit of units(steps)) {
      const [first] = unit
      if (first === undefined) continue
      try {
        const connection = this.#connections.get(first.connection) ?? (await this.#connect(first.connection))
        await connection.play(first, unit)
      } catch (error) {
        throw this.#differs(steps, first, error instanceof Error ? error.message : String(error))
      }
    }
  }

  #account(connection: string): DialogueAccount {
    const account = this.#accounts.get(this.#script.accounts.get(connection) ?? '')
    if (account === undefined) throw new Error(`no account for connection ${connection}`)
    return account
  }

  async #connect(name: string): Promise<Connection> {
    const { user, password } = this.#account(name)
    const knowledge = this.#knowledge.get(user) ?? new AccountKnowledge()
    this.#knowledge.set(user, knowledge)
    const { alertsComeFirst = false } = this.#server
    const onViolation = (error: Error): void => this.#violation(error)
    const options = { knowledge, patience: 10_000, alertsComeFirst, onViolation }
    const port = this.#server.listeners?.get(this.#script.listener ?? '') ?? this.#server.port
    const client = this.#script.isRaw
      ? await ImapClient.connect(port, options)
      : await ImapClient.open(port, user, password, options)
    const connection = new Connection(client, this.#scope, this.#server.saysNoForBad === true)
    this.#connections.set(name, connection)
    return connection
  }

  /** A fault that the dialogue knows of is noted; any other ends it. */
  #violation(error: Error): void {
    const known = [...this.#script.faults, ...knownFaults].find(
      ({ server, rule }) => server === this.#server.name && error.message.includes(rule),
    )
    if (known === undefined) throw error
    this.faults.push(error.message)
  }

  #differs(steps: readonly ImapStep[], at: ImapStep, problem: string): ImapDialogueError {
    const shown = steps.map(
      (step) => `${step === at ? '>' : ' '} ${String(step.line).padStart(3)}  ${step.source}`,
    )
    const near = steps.indexOf(at)
    return new ImapDialogueError(
      `line ${at.line}: ${problem}\n\n${shown.slice(Math.max(0, near - 12), near + 3).join('\n')}`,
    )
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.client.close()
  }
}

/** Steps one by one, but those of a group together. */
function units(steps: readonly ImapStep[]): readonly (readonly ImapStep[])[] {
  const found: ImapStep[][] = []
  for (const step of steps) {
    const last = found.at(-1)?.[0]
    const isTogether = isGrouped(step) && last !== undefined && isGrouped(last)
    if (isTogether && last.connection === step.connection) found.at(-1)?.push(step)
    else found.push([step])
  }
  return found
}

function isGrouped(step: ImapStep): step is ImapStep & { readonly kind: 'expect' } {
  return step.kind === 'expect' && step.how === 'group'
}

// What servers say beside what they are asked, and nobody can foresee.
const unforeseen = /^\* (\d+ RECENT|OK \[(UNSEEN|INPROGRESS|ALERT|HIGHESTMODSEQ|MAILBOXID)\b|OK (?!\[))/i

class Connection {
  readonly client: ImapClient
  readonly #scope: Scope
  readonly #saysNoForBad: boolean
  /** What was read before it was expected. */
  readonly #ahead: (string | undefined)[] = []
  /** Whether the server waits for more of a command. */
  #isAsked = false
  #skips = false
  /** Responses that may come before the next that is expected. */
  #mayPass: string[] = []

  constructor(client: ImapClient, scope: Scope, saysNoForBad: boolean) {
    this.client = client
    this.#scope = scope
    this.#saysNoForBad = saysNoForBad
  }

  /** Plays a step; `group` is that step, and those that are met in any order with it. */
  async play(step: ImapStep, group: readonly ImapStep[]): Promise<void> {
    switch (step.kind) {
      case 'send':
        return await this.#send(step.pieces)
      case 'expect':
        if (step.how === 'any') {
          this.#mayPass.push(step.text)
          return
        }
        if (step.how === 'group') await this.#expectGroup(group.filter(isGrouped).map(({ text }) => text))
        else await this.#expect(step.text, step.how === 'exact')
        this.#skips = false
        this.#mayPass = []
        return
      case 'skip':
        this.#skips = true
        return
      case 'expect-end':
        return await this.#expectEnd()
      case 'end':
        return this.client.end()
      case 'cut':
        return this.client.close()
      case 'tls':
        return await this.client.secure()
      case 'deflate':
        return this.client.deflate()
    }
  }

  /** Every text is met by one response, in whatever order they come. */
  async #expectGroup(texts: readonly string[]): Promise<void> {
    const left = [...texts]
    while (left.length > 0) {
      const response = await this.#response((text) => left.some((each) => this.#fits(each, text)))
      const index = left.findIndex((each) => this.#fits(each, response))
      if (index < 0) throw new Error(`expected one of:\n  ${left.join('\n  ')}\ngot:\n  ${response}`)
      left.splice(index, 1)
    }
  }

  async #send(pieces: readonly TextPiece[]): Promise<void> {
    const whole = pieces.map(({ text, literal }) => {
      const announced =
        literal === undefined ? '' : `${literal.prefix}{${expand(literal.text, this.#scope).length}}\r\n`
      return `${expand(text, this.#scope)}${announced}${literal?.text ?? ''}`
    })
    // What the server has asked for, in IDLE or in a SASL exchange, is no command.
    const isCommand = !this.#isAsked && /^\S/.test(whole[0] ?? '')
    this.#isAsked = false
    if (isCommand) this.client.checker.sent(whole.join(''))
    for (const [index, { text, literal }] of pieces.entries()) {
      const line = Buffer.from(expand(text, this.#scope), 'latin1')
      if (literal === undefined) {
        this.client.sendOctets(Buffer.concat([line, Buffer.from('\r\n')]))
        continue
      }
      const octets = Buffer.from(expand(literal.text, this.#scope), 'latin1')
      const head = `${literal.prefix}{${octets.length}${literal.suffix}}\r\n`
      this.client.sendOctets(Buffer.concat([line, Buffer.from(head)]))
      if (literal.suffix === '' && !(await this.#goesAhead())) return
      this.client.sendOctets(octets)
      if (index === pieces.length - 1) this.client.sendOctets(Buffer.from('\r\n'))
    }
  }

  /** Waits for a command continuation request; a tagged response in its place is left to be expected, as is all before. */
  async #goesAhead(): Promise<boolean> {
    for (;;) {
      const text = await this.#receive()
      const isAsked = this.#isAsked
      this.#isAsked = false
      if (isAsked) return true
      this.#ahead.push(text)
      if (text?.startsWith('* ') !== true) return false
    }
  }

  async #expect(text: string, isExact: boolean): Promise<void> {
    const response = await this.#response((each) => this.#fits(text, each, isExact))
    if (!this.#fits(text, response, isExact)) throw new Error(`expected:\n  ${text}\ngot:\n  ${response}`)
  }

  async #expectEnd(): Promise<void> {
    let text = await this.#read()
    while (text !== undefined && this.#passes(text)) text = await this.#read()
    if (text !== undefined) throw new Error(`expected the end of the connection\ngot:\n  ${text}`)
    this.client.checker.ended()
  }

  /** The next response that is wanted, or that may not be passed over. */
  async #response(isWanted: (text: string) => boolean): Promise<string> {
    for (;;) {
      const text = await this.#read()
      if (text === undefined) throw new Error('the server ended the connection')
      if (isWanted(text) || !this.#passes(text)) return text
    }
  }

  #passes(text: string): boolean {
    if (unforeseen.test(text) || (this.#skips && text.startsWith('* '))) return true
    return this.#mayPass.some((each) => this.#fits(each, text))
  }

  async #read(): Promise<string | undefined> {
    return this.#ahead.length > 0 ? this.#ahead.shift() : await this.#receive()
  }

  async #receive(): Promise<string | undefined> {
    const octets = await this.client.nextOctets()
    if (octets === undefined) return undefined
    this.client.check(octets)
    if (octets[0] === 0x2b) this.#isAsked = true
    return octets.toString('latin1').replace(/\r\n$/, '')
  }

  #fits(expected: string, response: string, isExact = false): boolean {
    const text = this.#saysNoForBad ? expected.replace(/^(\S+) BAD$/, '$1 <re:BAD|NO>') : expected
    return matches(text, response, this.#scope, isExact)
  }
}
