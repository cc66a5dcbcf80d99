import {
  type Delivery,
  type Difference,
  type ImapScript,
  type ImapStep,
  type ServerName,
  serverNames,
  type TextPiece,
} from './script.ts'

const spoken = /^([CS])(\d*)(\*|~|=|\[end\]|\[cut\])?:?(?: (.*))?$/
const literalMark = /(~?)\{(\+?)\}$/

/** Reads a dialogue (see test/dialogues/imap/README.md); what is sent and expected are octets as latin1 text. Throws an Error that names each line which is none of one. */
export function parseImapScript(text: string): ImapScript {
  const parser = new ScriptParser(text.split('\n'))
  parser.read()
  if (parser.faults.length > 0) throw new Error(`not a dialogue: ${parser.faults.join('; ')}`)
  return parser.script
}

type Building = Omit<{ -readonly [Name in keyof ImapScript]: ImapScript[Name] }, 'differences'> & {
  readonly deliveries: Delivery[]
  readonly accounts: Map<string, string>
  readonly steps: ImapStep[]
  readonly differences: (Omit<Difference, 'steps'> & { readonly steps: ImapStep[] })[]
  readonly faults: { server: ServerName; rule: string; reason: string }[]
}

class ScriptParser {
  readonly script: Building = {
    needs: [],
    deliveries: [],
    isRaw: false,
    listener: undefined,
    accounts: new Map(),
    steps: [],
    differences: [],
    faults: [],
  }
  readonly faults: string[] = []
  readonly #lines: readonly string[]
  #at = 0

  constructor(lines: readonly string[]) {
    this.#lines = lines
  }

  read(): void {
    for (; this.#at < this.#lines.length; this.#at++) {
      const source = this.#lines[this.#at] ?? ''
      const line = this.#at + 1
      try {
        if (source.trim() === '' || source.startsWith('#')) continue
        if (source.startsWith('@')) this.#directive(source)
        else if (source.startsWith('differs: ')) this.#differs(source)
        else if (/^[a-z]+\| /.test(source)) this.#instead(source, line)
        else this.script.steps.push(this.#step(source, line))
      } catch (error) {
        this.faults.push(`line ${line}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }

  #directive(source: string): void {
    const [, name = '', rest = ''] = /^@(\w+)(?: (.*))?$/.exec(source) ?? []
    switch (name) {
      case 'needs':
        this.script.needs = [...this.script.needs, ...rest.split(' ')]
        return
      case 'raw':
        this.script.isRaw = true
        return
      case 'listener':
        this.script.listener = rest
        return
      case 'user': {
        const [connection = '', account = ''] = rest.split(' ')
        this.script.accounts.set(connection, account)
        return
      }
      case 'deliver': {
        const [, mailbox = '', options = ''] = /^(\S+)(?: (.*))?$/.exec(rest) ?? []
        this.script.deliveries.push({ mailbox, options, text: this.#block() })
        return
      }
      case 'messages':
        this.#messages(rest)
        return
      case 'breaks': {
        const [, server = '', rule = '', reason = ''] = /^(\w+) "([^"]+)" — (.+)$/.exec(rest) ?? []
        this.script.faults.push({ server: serverNamed(server), rule, reason })
        return
      }
      default:
        throw new Error(`there is no @${name}`)
    }
  }

  /** `@messages MAILBOX COUNT`: short messages that differ in their subject. */
  #messages(rest: string): void {
    const [mailbox = '', count = ''] = rest.split(' ')
    for (let number = 1; number <= Number(count); number++)
      this.script.deliveries.push({
        mailbox,
        options: '',
        text: `From: ann@example.org\r\nSubject: message ${number}\r\n\r\nbody ${number}\r\n`,
      })
  }

  #differs(source: string): void {
    const [, server = '', reason = ''] = /^differs: (\w+) — (.+)$/.exec(source) ?? []
    const line = this.script.steps.at(-1)?.line
    this.script.differences.push({ server: serverNamed(server), reason, line, steps: [] })
  }

  /** `dovecot| S: …`: what is played instead. */
  #instead(source: string, line: number): void {
    const [, server = '', rest = ''] = /^([a-z]+)\| (.*)$/.exec(source) ?? []
    const difference = this.script.differences.findLast((each) => each.server === server)
    if (difference?.line === undefined) throw new Error(`no "differs: ${server}" before it`)
    difference.steps.push(this.#step(rest, line))
  }

  #step(source: string, line: number): ImapStep {
    const stream = /^(TLS|DEFLATE)(\d*)$/.exec(source)
    if (stream !== null) {
      const connection = stream[2] || '1'
      return { line, source, connection, kind: stream[1] === 'TLS' ? 'tls' : 'deflate' }
    }
    const [, side, number, form = '', words = ''] = spoken.exec(source) ?? []
    if (side === undefined) throw new Error(`neither C: nor S: in ${JSON.stringify(source)}`)
    const place = { line, source, connection: number || '1' }
    if (form === '[cut]' && side === 'C') return { ...place, kind: 'cut' }
    if (form === '[end]') return { ...place, kind: side === 'C' ? 'end' : 'expect-end' }
    if (side === 'C' && form === '') return { ...place, kind: 'send', pieces: this.#pieces('C', words) }
    if (side === 'S' && words === '...') return { ...place, kind: 'skip' }
    const how = { '': 'next', '*': 'any', '~': 'group', '=': 'exact' } as const
    if (side === 'C' || !(form in how)) throw new Error(`there is no ${side}${form}`)
    return { ...place, kind: 'expect', how: how[form as keyof typeof how], text: this.#wholeText(words) }
  }

  /** A response with its literals in it. */
  #wholeText(words: string): string {
    return this.#pieces('S', words)
      .map(({ text, literal }) =>
        literal === undefined ? text : `${text}${literal.prefix}{${literal.text.length}}\r\n${literal.text}`,
      )
      .join('')
  }

  /** Text that ends with `{}` goes on with a block, and behind that with a line `C+:` or `S+:`. */
  #pieces(side: 'C' | 'S', words: string): TextPiece[] {
    const mark = literalMark.exec(words)
    if (mark === null) return [{ text: octetsOf(words) }]
    const [whole, prefix = '', suffix = ''] = mark
    const piece: TextPiece = {
      text: octetsOf(words.slice(0, -whole.length)),
      literal: { prefix: prefix as '' | '~', suffix: suffix as '' | '+', text: this.#block() },
    }
    const more = /^([CS])\d*\+:(?: (.*))?$/.exec(this.#lines[this.#at + 1] ?? '')
    if (more?.[1] !== side) return [piece]
    this.#at++
    return [piece, ...this.#pieces(side, more[2] ?? '')]
  }

  /** The lines that begin with `|`, each with CRLF; one that begins with `|.` is the last, and ends without. */
  #block(): string {
    let text = ''
    while (this.#lines[this.#at + 1]?.startsWith('|') === true) {
      this.#at++
      const line = this.#lines[this.#at] ?? ''
      if (line.startsWith('|.')) return octetsOf(text + line.slice(2))
      text += `${line.slice(1).replace(/^ /, '')}\r\n`
    }
    return octetsOf(text)
  }
}

function octetsOf(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function serverNamed(name: string): ServerName {
  const server = serverNames.find((each) => each === name)
  if (server === undefined) throw new Error(`there is no server ${JSON.stringify(name)}`)
  return server
}
