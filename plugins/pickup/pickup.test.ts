import { access, link, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reply } from 'mailwright'
import { newDropNames } from 'mailwright/formats'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { dropMessage } from '../../test/support/smtp/drop.ts'
import { PickupWorld } from '../../test/support/smtp/pickup-world.ts'

let world: PickupWorld

beforeEach(() => {
  world = new PickupWorld()
})

afterEach(() => world.stop())

const later = reply(451, '4.3.0', 'Not now')

describe('what is handed in', () => {
  test('goes through the hooks like any message, and is gone from the folder', async () => {
    await world.start()
    const text = 'To: anna, bob@example.org\nBcc: jo@example.org\nSubject: x\n\nhello\nwörld\n'
    const more = { fullName: 'Jo D.', ret: 'HDRS', envelopeId: 'id', notify: ['SUCCESS'] } as const
    await dropMessage(world.folder, { sender: 'jo', recipients: ['anna', 'bob@example.org'], ...more }, text)
    await world.gone()
    expect(world.seen).toMatchObject([
      {
        sender: 'jo@example.org',
        recipients: ['anna@example.org', 'bob@example.org'],
        parameters: { body: '8BITMIME', ret: 'HDRS', envelopeId: 'id' },
        role: 'local',
      },
    ])
    expect(world.seen[0]?.text).toMatch(
      new RegExp(
        [
          `^Received: by mail\\.example\\.org \\(Mailwright, from userid ${process.getuid?.()}\\)`,
          '\tid [0-9a-z]{17};',
          '\t\\w{3}, .*',
          'To: anna@example\\.org, bob@example\\.org',
          'Subject: x',
          'Date: .*',
          'From: "Jo D\\." <jo@example\\.org>',
          'Message-ID: <[0-9a-f]{32}@mail\\.example\\.org>',
          '',
          'hello',
          'wörld',
          '$',
        ].join('\r\n'),
      ),
    )
    expect(await world.inside('settled')).toEqual([])
  })

  test('waits for a server that starts later', async () => {
    const kept = await mkdtemp(join(tmpdir(), 'mailwright-pickup-'))
    const first = await world.start({}, kept)
    await first.stop()
    await dropMessage(world.folder, {})
    expect(await world.waiting()).toHaveLength(1)
    await world.start({}, kept)
    await world.gone()
    expect(world.seen).toHaveLength(1)
    await world.stop()
    await rm(kept, { recursive: true })
  })

  test('is found without a hint of the system', async () => {
    await world.start()
    await vi.waitFor(() => expect(world.clock.waiting).toBeGreaterThan(0))
    await dropMessage(world.folder, {})
    await vi.waitFor(async () => {
      world.clock.advance(5_000)
      expect(await world.waiting()).toEqual([])
    })
  })

  test('comes once for each recipient who is named twice, and for many', async () => {
    await world.start()
    const recipients = ['anna', 'ANNA@example.org', ...Array.from({ length: 500 }, (_, n) => `jo+${n}`)]
    await dropMessage(world.folder, { sender: '', recipients })
    await world.gone()
    expect(world.seen[0]).toMatchObject({ sender: '' })
    expect(world.seen[0]?.recipients).toHaveLength(501)
    expect(world.seen[0]?.text).toContain('From: <MAILER-DAEMON@example.org>')
  })

  test('an address beyond ASCII asks for SMTPUTF8', async () => {
    await world.start()
    await dropMessage(world.folder, { sender: 'jö@example.org' })
    await world.gone()
    expect(world.seen).toMatchObject([{ sender: 'jö@example.org', parameters: { smtpUtf8: true } }])
  })

  test('two servers on one folder take each message once', async () => {
    await world.start({ concurrency: 3 })
    await world.start({ concurrency: 3 }, world.dataDir)
    for (let count = 0; count < 60; count += 1) await dropMessage(world.folder, {}, `Subject: ${count}\n\n`)
    await world.gone()
    await vi.waitFor(() => expect(world.seen).toHaveLength(60))
    expect(new Set(world.seen.map(({ text }) => /Subject: \d+/.exec(text)?.[0])).size).toBe(60)
  })
})

describe('what should not be there', () => {
  test('is kept or left, and does not stop the others', async () => {
    const host = await world.start()
    const names = Array.from({ length: 4 }, (_, index) => newDropNames(index).whole)
    const [garbage = '', symbolic = '', linked = '', directory = ''] = names.map((name) =>
      join(world.folder, name),
    )
    await mkdir(directory)
    await symlink('/etc/passwd', symbolic)
    await writeFile(join(world.dataDir, 'elsewhere'), 'x')
    await link(join(world.dataDir, 'elsewhere'), linked)
    await writeFile(garbage, 'no message')
    await dropMessage(world.folder, {})
    await vi.waitFor(() => expect(world.seen).toHaveLength(1))
    await vi.waitFor(async () =>
      expect((await world.inside('failed')).filter((name) => !name.endsWith('.txt'))).toEqual(
        names.slice(0, 3).sort(),
      ),
    )
    await access(directory)
    expect(host.log.lines.filter(({ event }) => event === 'refused').length).toBeGreaterThanOrEqual(3)
  })

  test.runIf(process.getuid?.() === 0)('where the sender is no address the user is told', async () => {
    await world.start()
    await dropMessage(world.folder, { sender: 'no @ address' })
    await world.gone()
    expect(world.reports).toMatchObject([
      { reversePath: { localPart: 'root' }, recipients: [{ reply: { enhanced: '5.1.7' } }] },
    ])
    expect(world.seen.map(({ recipients }) => recipients)).toEqual([['root@example.org']])
  })
})

describe('at its end', () => {
  test('what waits is given back', async () => {
    const host = await world.start()
    world.refusals = { anna: later }
    await dropMessage(world.folder, {})
    await vi.waitFor(() => expect(host.log.lines.some(({ event }) => event === 'deferred')).toBe(true))
    const kept = world.dataDir
    await host.host.stop()
    expect((await readdir(join(kept, 'drop'))).filter((name) => name.startsWith('m'))).toHaveLength(1)
    expect(await readdir(join(kept, 'drop/taken'))).toEqual([])
  })
})

test('a folder that others cannot reach is told of', async () => {
  const host = await world.start()
  expect(host.log.lines.some(({ text }) => String(text).includes('cannot enter'))).toBe(true)
})
