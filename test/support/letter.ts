import { LineClient } from './line-client.ts'

/** A message with what its client says to the server. */
export interface Letter {
  /** What follows `MAIL FROM:`. `<anna@here.example>` */
  readonly from?: string
  /** What follows each `RCPT TO:`. */
  readonly to: readonly string[]
  /** A text, which is sent as UTF-8, or octets. Bare LF become CRLF. */
  readonly text: string | Buffer
}

/** The replies to one. */
export interface LetterReplies {
  readonly recipients: readonly (string | undefined)[]
  /** To MAIL or DATA where these are refused. */
  readonly message: string | undefined
}

/** Sends one by SMTP in clear. */
export async function sendLetter(port: number, letter: Letter): Promise<LetterReplies> {
  const { from = '<anna@here.example>', to, text } = letter
  const client = await LineClient.open(port)
  const ask = (command: string) => client.ask(Buffer.from(command).toString('latin1'))
  try {
    await client.reply()
    await ask('EHLO client.example')
    const sender = await ask(`MAIL FROM:${from}`)
    if (!isFine(sender)) return { recipients: [], message: sender }
    const recipients: (string | undefined)[] = []
    for (const each of to) recipients.push(await ask(`RCPT TO:${each}`))
    const go = await ask('DATA')
    if (!isFine(go)) return { recipients, message: go }
    const octets = (typeof text === 'string' ? Buffer.from(text) : text).toString('latin1')
    const lines = octets
      .replace(/\r?\n$/, '')
      .replaceAll(/\r?\n/g, '\r\n')
      .replaceAll(/^\./gm, '..')
    return { recipients, message: await client.ask(`${lines}\r\n.`) }
  } finally {
    client.close()
  }
}

function isFine(reply: string | undefined): boolean {
  return reply !== undefined && /^[23]/.test(reply)
}
