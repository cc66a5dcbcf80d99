import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sendLetter } from '../support/letter.ts'
import { startOpenSmtpd } from '../support/peers/opensmtpd.ts'
import { requirePeer } from '../support/peers/peers.ts'
import { requireMachinePeer } from '../support/peers/unpacked-machine.ts'
import { exchangeTests } from '../support/smtp/exchange-tests.ts'
import { eventually, type MailExchange, startMailExchange } from '../support/smtp/mail-exchange.ts'

// An OpenSMTPD that sends to us, and to which we send.

const openSmtpd = requireMachinePeer('opensmtpd')
const unbound = requirePeer('unbound')
const title = unbound.available ? openSmtpd.title : unbound.title

describe.runIf(openSmtpd.available && unbound.available)(title, () => {
  let exchange: MailExchange

  beforeAll(async () => {
    exchange = await startMailExchange((folder, wish) => startOpenSmtpd(openSmtpd, folder, wish))
  })
  afterAll(() => exchange?.[Symbol.asyncDispose]())

  // The one of Debian 12 says STARTTLS and cannot, with OpenSSL 3: no handshake comes to its end.
  exchangeTests(
    () => exchange,
    [
      ['clear.there.example', /, in clear$/m],
      ['may.there.example', /, (in clear|TLSv1\.3 \S+ verified)$/m],
    ],
  )

  test('what must go under TLS goes under TLS, or waits', async () => {
    const letter = { to: ['<jo@encrypted.there.example>'], text: 'Subject: secret\n\nx\n' }
    const { message } = await sendLetter(exchange.site.port, letter)
    const id = /as (\w+)/.exec(message ?? '')?.[1] ?? ''
    const trace = async () => (await exchange.site.run('trace', id)).out
    await eventually(trace, /deferred .* 451 4\.7\.5 |, TLSv1\.3 \S+ verified$/m)
    expect(await trace()).not.toContain('in clear')
  })
})
