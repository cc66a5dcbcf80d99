import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bufferContent, readAll, reply } from 'mailwright'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { dropMessage } from '../../test/support/smtp/drop.ts'
import { PickupWorld, type PickupWorldOptions } from '../../test/support/smtp/pickup-world.ts'

let world: PickupWorld

beforeEach(() => {
  world = new PickupWorld()
})

afterEach(() => world.stop())

const later = reply(451, '4.3.0', 'Not now')
const never = reply(550, '5.1.1', 'Nobody here')

describe('recipients who do not get it', () => {
  test('those who can get it later do, and the others only once', async () => {
    await world.start()
    world.refusals = { bob: later }
    await dropMessage(world.folder, { recipients: ['anna', 'bob'] })
    await vi.waitFor(async () => expect(await world.inside('settled')).toHaveLength(1))
    await vi.waitFor(() => expect(world.clock.waiting).toBeGreaterThan(1))
    world.refusals = {}
    await vi.waitFor(async () => {
      world.clock.advance(10_000)
      expect(await world.taken()).toEqual([])
    })
    await vi.waitFor(() =>
      expect(world.seen.map(({ recipients }) => recipients)).toEqual([
        ['anna@example.org'],
        ['bob@example.org'],
      ]),
    )
    const [first, second] = world.seen.map(({ text }) => /Message-ID: .*/.exec(text)?.[0])
    expect(first).toBe(second)
    await vi.waitFor(async () => expect(await world.inside('settled')).toEqual([]))
    expect(world.reports).toEqual([])
  })

  test('the sender is told of the others', async () => {
    await world.start()
    world.refusals = { bob: never }
    await dropMessage(world.folder, {
      recipients: ['anna', 'bob', 'not an@address'],
      notify: ['FAILURE'],
      ret: 'FULL',
    })
    await world.gone()
    expect(world.seen.map(({ sender, recipients }) => [sender, ...recipients])).toEqual([
      ['jo@example.org', 'anna@example.org'],
      ['', 'jo@example.org'],
    ])
    expect(world.reports).toMatchObject([
      {
        reversePath: { localPart: 'jo' },
        parameters: { ret: 'FULL' },
        recipients: [
          {
            recipient: { localPart: 'bob' },
            action: 'failed',
            reply: never,
            parameters: { notify: ['FAILURE'] },
          },
          { reply: { code: 553, enhanced: '5.1.3' } },
        ],
      },
    ])
    expect(world.reports[0]?.message.header.first('Subject')?.body).toBe('x')
  })

  test('where the sender cannot be told now, nothing is lost', async () => {
    await world.start()
    world.refusals = { bob: never, jo: later }
    await dropMessage(world.folder, { recipients: ['bob'] })
    await vi.waitFor(() => expect(world.reports).toHaveLength(1))
    await vi.waitFor(() => expect(world.clock.waiting).toBeGreaterThan(1))
    expect(await world.taken()).toHaveLength(1)
    world.refusals = { bob: never }
    await vi.waitFor(async () => {
      world.clock.advance(10_000)
      expect(await world.taken()).toEqual([])
    })
    await vi.waitFor(() =>
      expect(world.seen.map(({ recipients }) => recipients)).toEqual([['jo@example.org']]),
    )
  })

  test.each<[string, PickupWorldOptions, string]>([
    ['nobody tells senders', { tells: false }, 'jo'],
    ['the sender takes no mail', {}, 'bob'],
  ])('where %s the message is kept, and can be tried again', async (_, options, sender) => {
    const host = await world.start(options)
    world.refusals = { bob: never }
    await dropMessage(world.folder, { sender, recipients: ['anna', 'bob'] })
    await vi.waitFor(async () => expect(await world.inside('failed')).toHaveLength(2))
    const [name = '', note = ''] = await world.inside('failed')
    expect(await readFile(join(world.folder, 'failed', note), 'utf8')).toBe(
      'bob@example.org: 550 5.1.1 Nobody here\n',
    )
    expect(host.log.lines).toContainEqual(
      expect.objectContaining({ level: 'error', event: 'refused', file: name }),
    )
    const run = (command: string, ...words: string[]) =>
      host.host.commands.find((one) => one.name === command)?.run({ arguments: words, options: {} })
    expect(await run('pickup list')).toMatchObject({ json: { waiting: 0, kept: [{ name }] } })
    world.refusals = {}
    await run('pickup retry', name)
    await world.gone()
    await vi.waitFor(() => expect(world.seen.at(-1)?.recipients).toEqual(['bob@example.org']))
    expect(world.seen.filter(({ recipients }) => recipients.includes('anna@example.org'))).toHaveLength(1)
    expect(await world.inside('failed')).toEqual([])
    await expect(run('pickup retry', name)).rejects.toMatchObject({ code: 'MAIL_E_NOT_FOUND' })
    await expect(run('pickup retry', '../x')).rejects.toThrow('is no message')
    expect(await run('pickup folder')).toMatchObject({ text: world.folder })
  })

  test('what somebody has removed meanwhile is not tried any more', async () => {
    const host = await world.start()
    world.refusals = { bob: later }
    await dropMessage(world.folder, { recipients: ['bob'] })
    await vi.waitFor(async () => expect(await world.taken()).toHaveLength(1))
    await vi.waitFor(() =>
      expect(host.log.lines).toContainEqual(expect.objectContaining({ event: 'deferred' })),
    )
    await world.removeTaken()
    await vi.waitFor(() => {
      world.clock.advance(10_000)
      expect(host.log.lines).toContainEqual(
        expect.objectContaining({ level: 'warn', event: 'refused', text: 'somebody has removed it' }),
      )
    })
    const deferred = () => host.log.lines.filter(({ event }) => event === 'deferred').length
    const before = deferred()
    world.clock.advance(24 * 60 * 60_000)
    await dropMessage(world.folder, { recipients: ['anna'] })
    await world.gone()
    expect(deferred()).toBe(before)
  })

  test('what grows old is given up', async () => {
    await world.start({ giveUpAfter: '1h', longestRetry: '10s' })
    world.refusals = { bob: later }
    await dropMessage(world.folder, { recipients: ['bob'] })
    await vi.waitFor(() => expect(world.clock.waiting).toBeGreaterThan(1))
    world.clock.advance(30 * 60_000)
    expect(world.reports).toEqual([])
    await vi.waitFor(async () => {
      world.clock.advance(31 * 60_000)
      expect(await world.taken()).toEqual([])
    })
    expect(world.reports).toMatchObject([{ recipients: [{ action: 'failed', reply: later }] }])
  })

  test.each<[string, PickupWorldOptions, Buffer | string, string]>([
    ['too large', { maxSize: 1_024 }, `Subject: x\n\n${'x'.repeat(2_000)}`, '5.3.4'],
    ['in circles', { maxHops: 10 }, 'Received: x\n'.repeat(11), '5.4.6'],
    ['a header without an end', {}, 'X: y\n'.repeat(300_000), '5.6.0'],
    ['a NUL in the header', {}, 'Subject: x\0y\n\nbody\n', '5.6.0'],
    ['a NUL in the text', {}, `Subject: x\n\n${'x'.repeat(100_000)}\0`, '5.6.0'],
    ['for too many', { maxRecipients: 1 }, 'Subject: x\n\n', '5.5.3'],
  ])('the sender is told of what is %s', async (_, options, text, enhanced) => {
    await world.start(options)
    await dropMessage(world.folder, { recipients: ['anna', 'bob'] }, text)
    await world.gone()
    expect(world.seen.map(({ recipients }) => recipients)).toEqual([['jo@example.org']])
    expect(world.reports[0]?.recipients.map((one) => one.reply.enhanced)).toEqual([enhanced, enhanced])
    const told = await readAll(world.reports[0]?.message.content ?? bufferContent(Buffer.alloc(0)))
    expect(told.includes(0)).toBe(false)
    // What was not read cannot go back.
    expect(world.reports[0]?.size).toBe(options.maxRecipients === undefined ? text.length : undefined)
  })
})

describe('who may send as whom', () => {
  const self = process.getuid?.() === 0 ? 'root' : ''

  test.runIf(self === 'root')('users who are not trusted send as themselves', async () => {
    await world.start({ trustedUsers: ['www-data'] })
    await dropMessage(world.folder, { sender: 'root', recipients: ['anna'] })
    await world.gone()
    await dropMessage(world.folder, { sender: 'jo@example.org', recipients: ['anna'] })
    await world.gone()
    await dropMessage(world.folder, { sender: '', recipients: ['anna'] })
    await world.gone()
    expect(world.seen.map(({ sender, recipients }) => [sender, ...recipients])).toEqual([
      ['root@example.org', 'anna@example.org'],
      ['', 'root@example.org'],
      ['', 'root@example.org'],
    ])
    expect(world.reports.map(({ recipients }) => recipients[0]?.reply.lines)).toEqual([
      ['The user root of this machine may not send as jo@example.org'],
      ['The user root of this machine may not send as <>'],
    ])
  })

  test.runIf(self === 'root')('trusted users, by name or number, send as anybody', async () => {
    for (const trustedUsers of [['root'], ['0']]) await world.start({ trustedUsers })
    await dropMessage(world.folder, { sender: 'jo@example.org' })
    await world.gone()
    expect(world.seen).toMatchObject([{ sender: 'jo@example.org' }])
  })
})
