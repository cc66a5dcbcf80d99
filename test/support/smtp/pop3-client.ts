import { expect } from 'vitest'
import { type Wire, wireTo } from '../wire.ts'
import { login, type Pop3Server, password } from './pop3-server.ts'

/** Connects in clear and reads the greeting. */
export async function greeted(server: Pop3Server): Promise<Wire> {
  const wire = wireTo(server.port)
  expect(await wire.line()).toBe('+OK mail.example.org POP3 server ready')
  return wire
}

/** Connects in clear and logs in. */
export async function loggedIn(server: Pop3Server): Promise<Wire> {
  const wire = await greeted(server)
  await wire.ask(`USER ${login}`)
  expect(await wire.ask(`PASS ${password}`)).toMatch(/^\+OK/)
  return wire
}

/** A multi-line response: its status line and its lines with the stuffed dots undone (RFC 1939 §3). */
export async function askMany(wire: Wire, command: string): Promise<readonly string[]> {
  const status = await wire.ask(command)
  const lines: string[] = []
  if (!status.startsWith('+OK')) return [status]
  for (let line = await wire.line(); line !== '.'; line = await wire.line())
    lines.push(line.replace(/^\./, ''))
  return [status, ...lines]
}
