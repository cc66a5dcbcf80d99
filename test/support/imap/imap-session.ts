import type { AccountStore, PluginInstance } from 'mailwright'
import {
  accounts,
  bufferContent,
  definePlugin,
  imapExtensions,
  noOptions,
  parseAddress,
  store,
} from 'mailwright'
import type { ImapExtension } from 'mailwright/imap'
import certificates from 'mailwright/plugins/certificates'
import imap, { type ImapInput } from 'mailwright/plugins/imap'
import memory from 'mailwright/plugins/memory'
import { createTestHost, type Dialogue, type fakeClock, type TestHost } from 'mailwright/testing'

/** What a command was answered: the untagged responses, each with its literals, and the tagged one without its tag. */
export interface ImapAnswer {
  readonly untagged: readonly string[]
  readonly tagged: string
}

/** A client for tests of modules: in memory, one command at a time. */
export class ImapTestClient {
  readonly dialogue: Dialogue
  /** What is sent are octet strings, one character an octet, instead of texts in UTF-8. */
  sendsOctets = false
  /** RECENT and `\Recent` stand in the answers: else not, for what is recent depends on who has looked before. */
  showsRecent = false
  #count = 0

  constructor(dialogue: Dialogue) {
    this.dialogue = dialogue
  }

  /** The next response, literals included. */
  async response(): Promise<string> {
    for (;;) {
      const response = await this.#response()
      if (this.showsRecent) return response
      if (!/^\* \d+ RECENT$/.test(response)) return response.replace(/ ?\\Recent\)/, ')')
    }
  }

  async #response(): Promise<string> {
    let text = ''
    for (;;) {
      const line = await this.dialogue.readLine()
      if (line === undefined) throw new Error(`the connection was ended after: ${text}`)
      text += line
      const literal = /\{(\d+)\}$/.exec(line)
      if (literal === null) return text
      text += '\r\n'
      let left = Number(literal[1])
      // The reader gives lines: the literal ends within one of them, and the rest of that line goes on with the response.
      while (left > 0) {
        const next = await this.dialogue.readLine()
        if (next === undefined) throw new Error('the connection was ended within a literal')
        if (Buffer.byteLength(next, 'latin1') >= left) {
          text += next
          const again = /\{(\d+)\}$/.exec(next.slice(left))
          if (again === null) return text
          text += '\r\n'
          left = Number(again[1])
          continue
        }
        text += `${next}\r\n`
        left -= next.length + 2
      }
    }
  }

  #send(line: string): void {
    if (this.sendsOctets) this.dialogue.sendOctets(Buffer.from(`${line}\r\n`, 'latin1'))
    else this.dialogue.send(line)
  }

  /** Sends a command, or pieces of one between which a continuation request is awaited. */
  async command(...pieces: readonly string[]): Promise<ImapAnswer> {
    this.#count += 1
    const tag = `t${this.#count}`
    const untagged: string[] = []
    for (const [index, piece] of pieces.entries()) {
      this.#send(index === 0 ? `${tag} ${piece}` : piece)
      if (index === pieces.length - 1) break
      const answer = await this.response()
      if (!answer.startsWith('+')) return { untagged, tagged: answer.slice(tag.length + 1) }
    }
    for (;;) {
      const response = await this.response()
      if (response.startsWith(`${tag} `)) return { untagged, tagged: response.slice(tag.length + 1) }
      untagged.push(response.startsWith('* ') ? response.slice(2) : response)
    }
  }

  /** A command that must be answered OK; its untagged responses. */
  async ok(...pieces: readonly string[]): Promise<readonly string[]> {
    const { untagged, tagged } = await this.command(...pieces)
    if (!tagged.startsWith('OK')) throw new Error(`${pieces.join(' | ')} was answered: ${tagged}`)
    return untagged
  }
}

export interface ImapTest extends AsyncDisposable {
  readonly host: TestHost
  /** The first account's mailboxes, beside the protocol. */
  readonly mail: AccountStore
  /** A new connection; logged in as the first account where nothing else is said. */
  connect(login?: string | null): Promise<ImapTestClient>
  /** Puts messages (with LF or CRLF) into a mailbox of the first account. */
  deliver(mailbox: string, ...messages: readonly string[]): Promise<void>
}

export const login = 'tim@example.org'
export const password = 'correct horse'

export interface ImapTestOptions {
  readonly options?: ImapInput
  readonly extensions?: readonly ImapExtension[]
  /** Further plugins. */
  readonly plugins?: readonly PluginInstance[]
  readonly clock?: ReturnType<typeof fakeClock>
  /** Further accounts, with the same password. */
  readonly others?: readonly string[]
}

/** An IMAP listener over the memory store. */
export async function startImapTest(options: ImapTestOptions = {}): Promise<ImapTest> {
  const { extensions = [], plugins = [], others = [], clock } = options
  const names = [login, ...others]
  const extending = definePlugin({
    name: 'extending',
    requires: [imapExtensions],
    parseOptions: noOptions,
    setup(context) {
      for (const extension of extensions) context.use(imapExtensions).add(extension)
      return undefined
    },
  })
  const host = await createTestHost({
    ...(clock === undefined ? {} : { clock }),
    plugins: [
      memory({ accounts: names.map((address) => ({ address, password })) }),
      certificates(),
      ...plugins,
      extending(),
      imap({ allowPlaintextLogin: true, ...options.options }),
    ],
  })
  const address = parseAddress(login)
  const resolved = address && (await host.service(accounts).resolve(address))
  if (resolved?.kind !== 'account') throw new Error('the account is not there')
  const mail = await host.service(store).open(resolved.account)
  return {
    host,
    mail,
    async connect(name: string | null = login) {
      const client = new ImapTestClient(await host.connect('imap'))
      await client.response()
      if (name !== null) await client.ok(`LOGIN ${name} "${password}"`)
      return client
    },
    async deliver(mailbox, ...messages) {
      const appended = messages.map((message) => {
        return { content: bufferContent(Buffer.from(message.replace(/\r?\n/g, '\r\n'), 'latin1')) }
      })
      await mail.append(mailbox, appended)
    },
    [Symbol.asyncDispose]: () => host.stop(),
  }
}
