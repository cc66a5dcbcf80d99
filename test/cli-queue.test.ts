import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { QueueItem } from 'mailwright'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { projectFolder } from './support/project-files.ts'
import { greylisted, listed, type QueueProject, queueProject } from './support/queue/queue-project.ts'
import { runProcess } from './support/run-process.ts'

// `mailwright queue list`, `show` and `stat` over a queue that holds what a file lists.

let project: QueueProject

const [recipient] = greylisted.recipients
const thousands: readonly QueueItem[] = Array.from({ length: 1_203 }, (_, index) => ({
  ...greylisted,
  id: `message${index}`,
  place: String(index),
  size: 0,
  recipients: recipient === undefined ? [] : [recipient],
  recipientCount: 1,
}))

beforeAll(async () => {
  project = await queueProject()
})

afterAll(() => project[Symbol.asyncDispose]())

beforeEach(() => project.hold(listed))

const run = (...words: readonly string[]) => project.run(...words)

describe('list', () => {
  test('where an alias has led somebody', async () => {
    const [bob, ...others] = greylisted.recipients
    const led = {
      ...(bob as NonNullable<typeof bob>),
      target: { localPart: 'x', domain: 'xn--mller-kva.example' },
    }
    await project.hold({ ...listed, items: [{ ...greylisted, recipients: [led, ...others] }] })
    const both = 'bob@müller.example -> x@müller.example'
    expect((await run('list')).out).toContain(`    ${both}  tried 3x`)
    expect((await run('show', 'first')).out).toMatch(new RegExp(`^recipient +${both}$`, 'm'))
    const [item] = JSON.parse((await run('list', '--json')).out) as { recipients: { target?: string }[] }[]
    expect(item?.recipients.map(({ target }) => target)).toEqual(['x@xn--mller-kva.example', undefined])
    await project.hold(listed)
  })

  test('messages in aligned columns, for whom each waits and why, and totals', async () => {
    const { exitCode, out } = await run('list')
    expect(exitCode).toBe(0)
    expect(out.split('\n')).toEqual([
      'id      size  arrived               state    sender',
      'first    12K  2026-11-28 10:00:00Z  waiting  someone@example.org',
      '    bob@müller.example  tried 3x, next in 12m    greylisted: mx.example.net: 450 4.2.0 Greylisted come back',
      '    al@example.net      not tried yet, next now',
      '    and 2,500 more recipients',
      '',
      'second  5.0M  2026-11-29 11:00:00Z  held     <>',
      '    looks like \\x1b[31mspam',
      '    a\\u202eb@example.net  tried 1x, held  451 \\x1b]0;title\\x07',
      '',
      'third      0  2026-11-28 10:00:00Z  active   someone@example.org',
      '    bob@müller.example  tried 3x, next in 12m     greylisted: mx.example.net: 450 4.2.0 Greylisted come back',
      '    al@example.net      not tried yet, now again',
      '',
      '-- 3 messages, 2,505 recipients, 5.0M octets',
      '',
    ])
  })

  test('a limit says that there is more', async () => {
    const { out } = await run('list', '--limit', '2')
    expect(out).toContain(
      '-- the oldest 2 messages, 2,503 recipients, 5.0M octets; there are more: --all, or --after 2\n',
    )
    expect(out).not.toContain('third')
    expect(JSON.parse((await run('list', '--limit', '2', '--json')).out)).toHaveLength(2)
  })

  test('JSON has all facts, addresses as SMTP writes them, and times of ISO 8601', async () => {
    const { out } = await run('list', '--json')
    const [first, second] = JSON.parse(out) as readonly Record<string, unknown>[]
    expect(first).toMatchObject({
      id: 'first',
      reversePath: 'someone@example.org',
      arrivedAt: '2026-11-28T10:00:00.123Z',
      size: 12_345,
      recipientCount: 2_502,
      recipients: [
        {
          address: 'bob@xn--mller-kva.example',
          destination: 'xn--mller-kva.example',
          attempts: 3,
          lastReply: '450-4.2.0 Greylisted\r\n450 4.2.0 come back',
          lastCause: 'greylisted',
          lastHost: 'mx.example.net',
        },
        { attempts: 0 },
      ],
    })
    expect(second).toMatchObject({ reversePath: '', state: 'held' })
  })

  test('selections reach the queue in their canonical form', async () => {
    const words = [
      '--sender',
      '<>',
      '--recipient',
      '@MÜLLER.example',
      '--destination',
      'x',
      '--state',
      'held',
    ]
    await run('list', ...words, '--limit', '5')
    const selection = {
      sender: '<>',
      recipient: '@xn--mller-kva.example',
      destination: 'x',
      state: 'held',
    }
    expect(await project.calls()).toEqual([['list', selection, 6]])
  })

  test.each([
    ['--state', 'dead'],
    ['--sender', ''],
    ['--sender', 'nobody'],
    ['--recipient', '@not a domain'],
    ['--recipient', '<>'],
    ['--destination', ''],
    ['--limit', '0'],
    ['--limit', 'many'],
    ['--limit', '5', '--all'],
    ['--since', 'lately'],
  ])('%s %j is wrong use', async (...words) => {
    expect(await run('list', ...words)).toMatchObject({ exitCode: 'usage' })
    expect(await project.calls()).toEqual([])
  })

  test('times select by arrival: a time, or how long ago', async () => {
    await run('list', '--since', '2026-11-01T00:00Z', '--before', '2d')
    const [[, selection] = []] = (await project.calls()) as readonly (readonly [
      string,
      Record<string, string>,
    ])[]
    expect(selection?.arrivedSince).toBe('2026-11-01T00:00:00.000Z')
    const days = (Date.now() - Date.parse(selection?.arrivedBefore ?? '')) / 86_400_000
    expect(days).toBeCloseTo(2, 2)
  })

  test('however many there are, they are read by pages', async () => {
    await project.hold({ ...listed, items: thousands })
    const { out } = await run('list', '--all', '--json-lines')
    const lines = out.trimEnd().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as QueueItem).id)).toEqual(thousands.map(({ id }) => id))
    expect(await project.calls()).toEqual([
      ['list', {}, 500],
      ['list', {}, 500, '499'],
      ['list', {}, 500, '999'],
    ])
    expect(JSON.parse((await run('list', '--all', '--json')).out)).toHaveLength(1_203)
    const text = (await run('list', '--all')).out
    expect(text.match(/^id /gm)).toHaveLength(1)
    expect(text.match(/^message/gm)).toHaveLength(1_203)
    expect(text.endsWith('\n-- 1,203 messages, 1,203 recipients, 0 octets\n')).toBe(true)
  })

  test('what was listed in part can be gone on with', async () => {
    await project.hold({ ...listed, items: thousands })
    const first = await run('list', '--limit', '700')
    expect(first.out).toContain('-- the oldest 700 messages, 700 recipients, 0 octets; there are more: ')
    expect(first.out.trimEnd().endsWith(' --all, or --after 699')).toBe(true)
    const next = await run('list', '--limit', '500', '--after', '699')
    expect(next.out).toContain('\nmessage700 ')
    expect(next.out).toContain('-- the next 500 messages, 500 recipients, 0 octets; there are more: ')
    const last = await run('list', '--after', '1199')
    expect(last.out.trimEnd().endsWith('\n-- 3 messages, 3 recipients, 0 octets')).toBe(true)
    expect((await run('list', '--after', '1202')).out).toBe('nothing like that waits\n')
  })

  test('a reader who leaves early ends it without a complaint', async () => {
    await project.hold({ ...listed, items: thousands })
    const script = `node "$0" queue list --all --json-lines | head -n 1`
    const words = ['-c', script, `${projectFolder}/core/cli/launch.mjs`]
    const { stdout, stderr } = await runProcess('sh', words, { folder: project.folder })
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
    expect(stderr).toBe('')
  })

  test('an empty queue, and a selection of nothing, are told apart', async () => {
    await project.hold({ ...listed, items: [greylisted] })
    expect((await run('list', '--state', 'held')).out).toBe('nothing like that waits\n')
    await project.hold({ ...listed, items: [] })
    expect((await run('list')).out).toBe('the queue is empty\n')
    expect((await run('list', '--json')).out).toBe('[]\n')
  })
})

describe('show', () => {
  test('the envelope, each recipient, and the header of the message', async () => {
    const { exitCode, out } = await run('show', 'first')
    expect(exitCode).toBe(0)
    expect(out).toMatch(/^id +first$/m)
    expect(out).toMatch(/^sender +someone@example\.org$/m)
    expect(out).toMatch(/^arrived +2026-11-28 10:00:00Z \(.* ago\)$/m)
    expect(out).toMatch(/^given up +.*Z \(in 3d\)$/m)
    expect(out).toMatch(/^size +12,345 octets$/m)
    expect(out).toMatch(/^recipient +bob@müller\.example$/m)
    expect(out).toMatch(/^ {2}last reply +greylisted: mx\.example\.net: 450 4\.2\.0 Greylisted come back$/m)
    expect(out).toContain('and 2,500 more recipients\n')
    expect(out.endsWith('Subject: caf\ufffd \\x1b[2J\nTo: bob@example.net\n')).toBe(true)
  })

  test('a message that cannot be read: its envelope, the problem, exit code 1', async () => {
    const { exitCode, out, err } = await run('show', 'second')
    expect(exitCode).toBe(1)
    expect(out).toMatch(/^state +held: looks like \\x1b\[31mspam$/m)
    expect(err).toBe('mailwright: the message itself cannot be read: no message second is queued\n')
    const { out: json } = await run('show', 'second', '--json')
    expect(JSON.parse(json)).toMatchObject({ id: 'second', problem: 'no message second is queued' })
  })

  test('a message whose time is over while others have their turns', async () => {
    const expiresAt = new Date(Date.now() - 65_000)
    const [bob, ...others] = greylisted.recipients
    const waiting = [{ ...(bob as NonNullable<typeof bob>), waitsForTurn: true }, ...others]
    await project.hold({ ...listed, items: [{ ...greylisted, expiresAt, recipients: waiting }] })
    expect((await run('show', 'first')).out).toMatch(
      /^given up +its time is over; it waits for others' turns$/m,
    )
  })

  test('a message for which nobody waits, and whose sender is not told yet', async () => {
    const nextAttempt = new Date(Date.now() + 65_000)
    const nobody = { recipients: [], recipientCount: 0 }
    const over: QueueItem = { ...greylisted, id: 'over', state: 'reporting', nextAttempt, ...nobody }
    await project.hold({ ...listed, items: [over] })
    const { out } = await run('show', 'over')
    expect(out).toMatch(/^state +reporting$/m)
    expect(out).toMatch(/^sender told by +.*Z \(in 1m\)$/m)
    const list = (await run('list', '--state', 'reporting')).out
    expect(list).toMatch(/^over .* reporting .*\n {4}its sender has yet to be told what has become of it\n/m)
    expect(list).toContain('-- 1 message, 0 recipients')
  })

  test('--message: fit for a terminal there', async () => {
    const { out } = await run('show', 'first', '--message')
    expect(out).toBe('Subject: caf\ufffd \\x1b[2J\nTo: bob@example.net\n\nbody \ufffd\\x00\n')
  })

  test('--message: octet for octet into a pipe', async () => {
    const words = [`${projectFolder}/core/cli/launch.mjs`, 'queue', 'show', 'first', '--message', '--json']
    const { stdout, code } = await runProcess('node', words, { folder: project.folder })
    expect(code).toBe(0)
    const { base64 } = JSON.parse(stdout) as { base64: string }
    expect(Buffer.from(base64, 'base64').toString('latin1')).toBe(listed.messages.first)
    const copy = join(project.folder, 'copy.eml')
    const script = `node "$0" queue show first --message > "$1"`
    const ran = await runProcess('sh', ['-c', script, words[0] ?? '', copy], { folder: project.folder })
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(await readFile(copy, 'latin1')).toBe(listed.messages.first)
  })

  test('what is not there is MAIL_E_NOT_FOUND', async () => {
    expect(await run('show', 'nothing')).toMatchObject({ exitCode: 'MAIL_E_NOT_FOUND' })
    expect(await run('show', 'nothing', '--message')).toMatchObject({ exitCode: 'MAIL_E_NOT_FOUND' })
  })
})

describe('stat --by', () => {
  const ages = [40, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  const oldest = Date.now() - 120_500
  const groups = [
    { name: '@mass.example', recipients: 40, held: 0, ages, oldest },
    { name: '<>\x1b[2J', recipients: 1, held: 1, ages: [1, ...ages.slice(1)], oldest },
  ]
  const total = { ...listed.total, recipients: 41, held: 1, ages: [41, ...ages.slice(1)], oldest }

  beforeEach(() => project.hold({ ...listed, total, groups }))

  test('who fills the queue, of what conditions select', async () => {
    const words = ['--state', 'waiting', '--recipient', '@MÜLLER.example', '--limit', '9']
    const { out } = await run('stat', '--by', 'sender', ...words)
    expect(out.split('\n')).toEqual([
      'sender         total  held   5  10  20  40  80  160  320  640  1280  1280+  oldest',
      'TOTAL             41     1  41   0   0   0   0    0    0    0     0      0      2m',
      '@mass.example     40     0  40   0   0   0   0    0    0    0     0      0      2m',
      '<>\\x1b[2J          1     1   1   0   0   0   0    0    0    0     0      0      2m',
      '',
      'recipients who wait, by minutes since the message arrived, 1 of them held; 2 lines',
      '',
    ])
    const selection = { recipient: '@xn--mller-kva.example', state: 'waiting' }
    expect(await project.calls()).toEqual([['distribution', 'sender', selection, 9]])
  })

  test('conditions alone are of destinations, and JSON has all', async () => {
    const { out } = await run('stat', '--state', 'held', '--limit', '1', '--json')
    expect(JSON.parse(out)).toMatchObject({
      by: 'destination',
      total: { recipients: 41 },
      found: 2,
      groups: [{ name: '@mass.example', recipients: 40, oldest: new Date(oldest).toISOString() }],
    })
    expect((await run('stat', '--by', 'cause', '--limit', '1')).out).toContain(
      '; 2 lines, 1 not shown: --limit',
    )
  })

  test('nothing, and what is no grouping', async () => {
    await project.hold({ ...listed, total: { ...total, recipients: 0 } })
    expect((await run('stat', '--by', 'cause')).out).toBe('the queue is empty\n')
    expect((await run('stat', '--state', 'held')).out).toBe('nothing like that waits\n')
    expect(await run('stat', '--by', 'size')).toMatchObject({ exitCode: 'usage' })
  })
})

describe('stat', () => {
  test('destinations by ages, with the totals on top', async () => {
    const { out } = await run('stat')
    expect(out.split('\n')).toEqual([
      'destination  total  held   5  10  20  40  80  160  320  640  1280  1280+  oldest  paused  why',
      'TOTAL           47     3  10   1   0   0   0    0    0    0     0     36      3d',
      'example.net     44     3  10   0   0   0   0    0    0    0     0     34      3d  in 7m   unreachable: 451 4.4.1 No answer',
      'local            1         0   1   0   0   0    0    0    0     0      0      6m',
      '',
      'recipients who wait, by minutes since the message arrived, 3 of them held; 3 destinations, 1 not shown: --limit, 1 paused',
      '',
    ])
  })

  test('a limit hides destinations, and the totals count them all the same', async () => {
    const { out } = await run('stat', '--limit', '1')
    expect(out).toMatch(/^TOTAL +47 /m)
    expect(out).not.toContain('local')
    expect(out).toContain('3 destinations, 2 not shown: --limit, 1 paused\n')
  })

  test('JSON, and an empty queue', async () => {
    expect(JSON.parse((await run('stat', '--json')).out)).toMatchObject({
      ageLimits: [5, 10, 20, 40, 80, 160, 320, 640, 1_280],
      total: { recipients: 47, held: 3, destinations: 3 },
      destinations: [
        { destination: 'example.net', pausedFor: '451 4.4.1 No answer', pausedCause: 'unreachable' },
        { destination: 'local' },
      ],
    })
    await project.hold({ ...listed, total: { ...listed.total, recipients: 0 }, destinations: [] })
    expect((await run('stat')).out).toBe('the queue is empty\n')
    expect(JSON.parse((await run('stat', '--json')).out)).not.toHaveProperty('total')
  })
})
