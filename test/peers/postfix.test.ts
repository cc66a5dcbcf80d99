import { afterAll, beforeAll, describe } from 'vitest'
import { requirePeer } from '../support/peers/peers.ts'
import { startPostfixServer } from '../support/peers/postfix-exchange.ts'
import { exchangeTests } from '../support/smtp/exchange-tests.ts'
import { type MailExchange, startMailExchange } from '../support/smtp/mail-exchange.ts'

// A Postfix with postgrey that sends to us, and to which we send.

const missing = (['postmap', 'postgrey', 'unbound'] as const)
  .map(requirePeer)
  .find(({ available }) => !available)
const runs = missing === undefined && process.getuid?.() === 0

describe.runIf(runs)(missing?.title ?? (runs ? 'postfix' : 'postfix (as root)'), () => {
  let exchange: MailExchange

  beforeAll(async () => {
    exchange = await startMailExchange(startPostfixServer, { 'there.example': 'verify' })
  })
  afterAll(() => exchange?.[Symbol.asyncDispose]())

  exchangeTests(
    () => exchange,
    [
      ['clear.there.example', /, in clear$/m],
      ['may.there.example', /, TLSv1\.3 \S+ verified$/m],
      ['encrypted.there.example', /, TLSv1\.3 \S+ verified$/m],
      ['there.example', /, TLSv1\.3 \S+ verified \(config\)$/m],
    ],
  )
})
