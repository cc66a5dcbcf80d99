import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { createHost } from '../host.ts'
import { definePlugin, noOptions } from '../plugin.ts'
import { capturedLog } from '../testing/captured-log.ts'
import { expectCode } from '../testing/contracts/expectations.ts'
import { firstLine, whileStarted } from './context.ts'

const given = (octets: string) => Readable.from([Buffer.from(octets, 'latin1')])

test.each([
  ['secret\r\n', 'secret'],
  [' two words \nmore', ' two words '],
  ['no end', 'no end'],
  ['no end\r', 'no end\r'],
  ['gr\xc3\xbcn\n\xff', 'grün'],
  ['', ''],
])('the first line of %j', async (octets, expected) => {
  expect(await firstLine(given(octets))).toBe(expected)
})

test.each([['lat\xe9\n'], ['half \xc3'], ['x'.repeat(65_537)]])('is refused: %#', async (octets) => {
  await expectCode(firstLine(given(octets)), 'MAIL_E_INVALID')
})

test('where a command and the stop fail, the command says why, and the log has the other', async () => {
  const stop = async () => {
    throw new Error('cannot stop')
  }
  const stubborn = definePlugin({ name: 'stubborn', parseOptions: noOptions, setup: () => ({ stop }) })
  const log = capturedLog()
  const dataDir = '/nonexistent/mailwright'
  const hostOf = () => createHost({ dataDir, plugins: [stubborn()] }, { log })
  await expect(whileStarted(hostOf(), () => Promise.reject(new Error('of its own')))).rejects.toThrow(
    'of its own',
  )
  expect(log.lines).toContainEqual(
    expect.objectContaining({ event: 'plugin-failed', error: 'stubborn failed in stop: cannot stop' }),
  )
  await expect(whileStarted(hostOf(), async () => 'done')).rejects.toThrow('cannot stop')
})
