import localDelivery from 'mailwright/plugins/local-delivery'
import memory from 'mailwright/plugins/memory'
import relay from 'mailwright/plugins/relay'
import smtp from 'mailwright/plugins/smtp'
import { createTestHost, type TestHost } from 'mailwright/testing'
import { describe, expect, test } from 'vitest'

const jo = { login: 'jo@example.org', secret: 'correct horse battery' }

function start(postmaster?: string): Promise<TestHost> {
  return createTestHost({
    hostname: 'mail.example.org',
    plugins: [
      memory({ accounts: [{ address: jo.login, password: jo.secret }] }),
      localDelivery(postmaster === undefined ? {} : { postmaster }),
      relay(),
      smtp({ port: 0 }),
    ],
  })
}

describe('this server’s own postmaster, where one is named', () => {
  const addresses = [
    'postmaster@mail.example.org',
    'Abuse@mail.example.org',
    'MAILER-DAEMON@mail.example.org',
    'postmaster@[127.0.0.1]',
    'postmaster@example.org',
  ]

  test.each(addresses)('%s reads what strangers write', async (to) => {
    await using host = await start(jo.login)
    const answers = await host.send({ from: 'a@far.example', to, data: 'Subject: x\n\nx\n' })
    expect(answers).toMatchObject([{ reply: { code: 250 } }])
  })

  test.each(addresses)('%s reads what our users write, and no other host gets it', async (to) => {
    await using host = await start(jo.login)
    const data = 'From: jo@example.org\nSubject: x\n\nx\n'
    const answers = await host.send({ from: jo.login, to, data, role: 'submission', login: jo })
    expect(answers).toMatchObject([{ reply: { code: 250 } }])
  })
})

const warned = ({ log }: TestHost) =>
  log.lines.filter(({ event, text }) => event === 'starting' && String(text).includes('postmaster'))

test('a start says that nobody reads it', async () => {
  await using host = await start()
  expect(warned(host)).toMatchObject([{ level: 'warn' }])
  const answers = await host.send({
    from: 'a@far.example',
    to: 'postmaster@example.org',
    data: 'Subject: x\n\nx\n',
  })
  expect(answers).toMatchObject([{ reply: { code: 550 } }])
})

test('and nothing where somebody does', async () => {
  await using host = await start(jo.login)
  expect(warned(host)).toEqual([])
})
