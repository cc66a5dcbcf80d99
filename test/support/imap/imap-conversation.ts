import { LineClient } from '../line-client.ts'

/** A client of IMAP for tests that sends what it is told to, and hands out lines as they come. */
export class ImapConversation {
  readonly #client: LineClient
  #count = 0

  private constructor(client: LineClient) {
    this.#client = client
  }

  /** Waits for the greeting; logs in where the server does not greet with PREAUTH. */
  static async open(port: number, user: string, password: string): Promise<ImapConversation> {
    const conversation = new ImapConversation(await LineClient.open(port))
    for (;;) {
      const line = await conversation.#line()
      if (line.startsWith('* PREAUTH')) return conversation
      // What is an alert is no greeting yet.
      if (line.startsWith('* OK') && !line.includes('[ALERT]')) break
    }
    await conversation.command(`LOGIN ${user} ${password}`)
    return conversation
  }

  /** The lines of the answer, the tagged one last. Fails for NO and BAD. */
  async command(text: string, literal?: string): Promise<readonly string[]> {
    this.#count += 1
    const tag = `t${this.#count}`
    this.#client.send(`${tag} ${text}${literal === undefined ? '' : ` {${literal.length}}`}`)
    const lines: string[] = []
    for (;;) {
      const line = await this.#line()
      if (literal !== undefined && line.startsWith('+')) {
        this.#client.send(literal)
        continue
      }
      lines.push(line)
      if (!line.startsWith(`${tag} `)) continue
      if (line.startsWith(`${tag} OK`)) return lines
      throw new Error(`${text}: ${line}`)
    }
  }

  async logOut(): Promise<void> {
    await this.command('LOGOUT')
    this.#client.close()
  }

  async #line(): Promise<string> {
    const line = await this.#client.line()
    if (line === undefined) throw new Error('the server hung up')
    return line
  }
}
