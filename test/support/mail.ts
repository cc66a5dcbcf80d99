import { LineClient } from './line-client.ts'

/** Sends one message by SMTP; answers the reply that ended it: to the final dot, or the first refusal. */
export async function sendMail(
  port: number,
  { from = 'sender@elsewhere.example', to, text }: { from?: string; to: string; text: string },
): Promise<string | undefined> {
  const client = await LineClient.open(port)
  try {
    let reply = await client.reply()
    for (const command of ['EHLO client.example', `MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, 'DATA']) {
      if (reply === undefined || Number(reply.slice(0, 3)) >= 400) return reply
      reply = await client.ask(command)
    }
    if (!reply?.startsWith('354')) return reply
    const lines = text.replace(/\r?\n$/, '').replaceAll(/\r?\n/g, '\r\n')
    return await client.ask(`${lines.replaceAll(/^\./gm, '..')}\r\n.`)
  } finally {
    client.close()
  }
}

/** The messages of a maildrop, read by POP3 in clear. */
export async function readMail(port: number, user: string, password: string): Promise<readonly string[]> {
  const client = await LineClient.open(port)
  try {
    await client.line()
    client.send(`USER ${user}`)
    await client.line()
    client.send(`PASS ${password}`)
    const answer = await client.line()
    if (!answer?.startsWith('+OK')) throw new Error(`login refused: ${answer}`)
    client.send('LIST')
    await client.line()
    const count = (await client.block()).length
    const messages: string[] = []
    for (let number = 1; number <= count; number++) {
      client.send(`RETR ${number}`)
      await client.line()
      messages.push((await client.block()).join('\n'))
    }
    client.send('QUIT')
    await client.line()
    return messages
  } finally {
    client.close()
  }
}
