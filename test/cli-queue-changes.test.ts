import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { listed, type QueueProject, queueProject } from './support/queue/queue-project.ts'

// `mailwright queue flush`, `hold` and the like over a queue that notes what it is asked for.

let project: QueueProject

beforeAll(async () => {
  project = await queueProject()
})

afterAll(() => project[Symbol.asyncDispose]())

beforeEach(() => project.hold(listed))

const run = (...words: readonly string[]) => project.run(...words)

describe('changes', () => {
  const verbs = [
    ['requeue', 'requeue', 'requeued'],
    ['hold', 'hold', 'held'],
    ['release', 'release', 'released'],
    ['delete', 'remove', 'deleted'],
    ['bounce', 'bounce', 'bounced'],
  ] as const

  test.each(verbs)('%s without any word changes nothing', async (verb) => {
    expect(await run(verb)).toMatchObject({ exitCode: 'usage', out: '' })
    // As a script says it whose variable is not set.
    expect(await run(verb, '')).toMatchObject({ exitCode: 'usage', out: '' })
    expect(await run(verb, '--all', 'first')).toMatchObject({ exitCode: 'usage', out: '' })
    expect(await project.calls()).toEqual([])
  })

  test.each(verbs)('%s: one message, a selection, all', async (verb, call, done) => {
    expect(await run(verb, 'first')).toMatchObject({ exitCode: 0, out: `${done} 1 message\n` })
    expect((await run(verb, '--sender', '@example.org')).out).toBe(`${done} 3 messages\n`)
    expect((await run(verb, '--all')).out).toBe(`${done} 3 messages\n`)
    expect(await project.calls()).toEqual([
      [call, { id: 'first' }],
      [call, { sender: '@example.org' }],
      [call, {}],
    ])
  })

  test('flush without any word is the whole queue', async () => {
    expect(await run('flush')).toMatchObject({ exitCode: 0, out: 'flushed 3 messages\n' })
    expect(await project.calls()).toEqual([['flush', {}]])
  })

  test('several ids: one that is gone does not keep the others', async () => {
    expect(await run('delete', 'first', 'gone', 'second', 'first')).toEqual({
      exitCode: 1,
      out: 'deleted 2 messages\nno message gone is queued\n',
      err: '',
    })
    expect(JSON.parse((await run('delete', 'first', 'gone', '--json')).out)).toEqual({
      done: 'deleted',
      messages: 1,
      missing: ['gone'],
    })
    expect(await run('delete', 'gone')).toMatchObject({ exitCode: 'MAIL_E_NOT_FOUND', out: '' })
  })

  test('bounce: what nobody can be told of is not counted', async () => {
    await project.hold({ ...listed, damaged: ['second'] })
    expect(await run('bounce', 'first', 'second')).toEqual({
      exitCode: 1,
      out: 'bounced 1 message\nrecipients of second are damaged: they are held, and nobody was told of them\n',
      err: '',
    })
    expect(await run('bounce', 'gone', 'second')).toEqual({
      exitCode: 1,
      out: 'bounced 0 messages\nno message gone is queued\nrecipients of second are damaged: they are held, and nobody was told of them\n',
      err: '',
    })
    expect(await run('bounce', '--all')).toMatchObject({ exitCode: 1 })
    expect(JSON.parse((await run('bounce', '--all', '--json')).out)).toEqual({
      done: 'bounced',
      messages: 2,
      missing: [],
      untold: ['second'],
    })
  })

  test('bounce: what cannot be read now is counted, and named', async () => {
    await project.hold({ ...listed, unread: ['second'] })
    expect(await run('bounce', '--all')).toEqual({
      exitCode: 1,
      out: `bounced ${listed.items.length} messages\nrecipients of second are given up; their sender is told later, since the message cannot be read now\n`,
      err: '',
    })
  })

  test('a reason is held with the message', async () => {
    await run('hold', 'first', '--reason', 'spam?')
    expect(await project.calls()).toEqual([['hold', { id: 'first' }, 'spam?']])
  })

  test('redirect', async () => {
    expect(await run('redirect', 'first', 'bob@example.net', 'bob@example.org')).toMatchObject({
      exitCode: 0,
      out: 'redirected first from bob@example.net to bob@example.org\n',
    })
    expect(await project.calls()).toEqual([
      [
        'redirect',
        'first',
        { localPart: 'bob', domain: 'example.net' },
        { localPart: 'bob', domain: 'example.org' },
      ],
    ])
    expect(await run('redirect', 'first', 'bob', 'bob@example.org')).toMatchObject({ exitCode: 'usage' })
    expect(await run('redirect', 'gone', 'a@example.net', 'b@example.net')).toMatchObject({
      exitCode: 'MAIL_E_NOT_FOUND',
    })
  })
})
