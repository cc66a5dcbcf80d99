import { afterEach, expect, test } from 'vitest'
import { greeted, loggedIn } from '../support/smtp/pop3-client.ts'
import { login, type Pop3Server, password, startPop3Server } from '../support/smtp/pop3-server.ts'
import { tlsWireTo, wireTo } from '../support/wire.ts'

let server: Pop3Server

afterEach(() => server.stop())

test('an address has so many connections, and room again when one is over', async () => {
  server = await startPop3Server({ options: { allowPlaintextLogin: true, maxConnectionsPerAddress: 2 } })
  const first = await greeted(server)
  await greeted(server)
  expect(await wireTo(server.port).rest()).toBe(
    '-ERR [SYS/TEMP] Too many connections from your address, try again later\r\n',
  )
  await server.closed(1)
  expect(await first.ask('QUIT')).toBe('+OK Bye')
  await server.closed(2)
  await greeted(server)
  expect(await server.closed(2)).toContain('too many connections from the address')
})

test('under implicit TLS it is not told so, before it costs a handshake', async () => {
  server = await startPop3Server({ options: { allowPlaintextLogin: true, maxConnectionsPerAddress: 1 } })
  const wire = await tlsWireTo(server.tlsPort)
  expect(await wire.line()).toMatch(/^\+OK/)
  await expect(tlsWireTo(server.tlsPort)).rejects.toThrow()
})

test('an account has so many sessions; one that could not have the maildrop does not count', async () => {
  server = await startPop3Server({ options: { allowPlaintextLogin: true, maxConnectionsPerUser: 1 } })
  const first = await loggedIn(server)
  const second = await greeted(server)
  for (let time = 0; time < 3; time++) {
    await second.ask(`USER ${login}`)
    expect(await second.ask(`PASS ${password}`)).toBe(
      '-ERR [SYS/TEMP] Too many sessions of this account, try again later',
    )
  }
  await first.ask('QUIT')
  await server.closed(1)
  await second.ask(`USER ${login}`)
  expect(await second.ask(`PASS ${password}`)).toMatch(/^\+OK/)
})
