import { describe, expect, it } from 'vitest'
import { MessageFacts } from '../facts/message-facts.ts'
import { SummarisedMailbox } from '../testing/summarised-mailbox.ts'
import { type ThreadAlgorithm, threadMessages } from './thread-messages.ts'

/** A message: its id, those it refers to, its subject. */
type Short = readonly [id: string, references: string, subject?: string]

function mailboxOf(messages: readonly Short[]): SummarisedMailbox {
  return new SummarisedMailbox(
    messages.map(([id, references, subject = id]) => [
      ...(id === '' ? [] : [`Message-ID: <${id}@x>`]),
      ...(references === '' ? [] : [`References: ${references.replace(/\w+/g, '<$&@x>')}`]),
      `Subject: ${subject}`,
    ]),
  )
}

/** The threads as RFC 5256 §5 writes them, but with `-` for a message that is not there. */
async function threads(
  mailbox: SummarisedMailbox,
  algorithm: ThreadAlgorithm,
  uids: readonly number[] = mailbox.uids,
): Promise<string> {
  const facts = new MessageFacts({ bytes: 2 ** 24 }).of('ann', mailbox)
  const { uids: found, depths } = await threadMessages(facts, algorithm, uids)
  return Array.from(found, (uid, index) => {
    const depth = depths[index] ?? 0
    return `${depth === 0 ? `${index === 0 ? '' : ' | '}` : ` ${'>'.repeat(depth)}`}${uid === 0 ? '-' : uid}`
  }).join('')
}

describe('THREAD=ORDEREDSUBJECT', () => {
  it('puts messages of one subject below the first of them', async () => {
    const mailbox = mailboxOf([
      ['a', '', 'one'],
      ['b', '', 'two'],
      ['c', '', 'Re: one'],
      ['d', '', 'TWO (fwd)'],
      ['e', '', 'ONE'],
      ['f', '', 'three'],
    ])
    expect(await threads(mailbox, 'orderedsubject')).toBe('1 >3 >5 | 2 >4 | 6')
    expect(await threads(mailbox, 'orderedsubject', [2, 3, 5])).toBe('2 | 3 >5')
    expect(await threads(mailbox, 'orderedsubject', [])).toBe('')
  })

  it('sorts by sent date', async () => {
    const mailbox = new SummarisedMailbox([
      ['Subject: a', 'Date: 3 Jan 2026 00:00 +0000'],
      ['Subject: b', 'Date: 2 Jan 2026 00:00 +0000'],
      ['Subject: a', 'Date: 1 Jan 2026 00:00 +0000'],
      ['Subject: b', 'Date: 2 Jan 2026 00:00 +0000'],
    ])
    expect(await threads(mailbox, 'orderedsubject')).toBe('3 >1 | 2 >4')
  })
})

describe('THREAD=REFERENCES', () => {
  it.each<readonly [string, readonly Short[], string]>([
    [
      'links replies',
      [
        ['a', ''],
        ['b', 'a'],
        ['c', 'a b'],
        ['d', 'a'],
      ],
      '1 >2 >>3 >4',
    ],
    [
      'links what came before what it answers',
      [
        ['c', 'a b'],
        ['b', 'a'],
        ['a', ''],
      ],
      '3 >2 >>1',
    ],
    [
      'passes over missing messages',
      [
        ['a', ''],
        ['c', 'a lost b'],
      ],
      '1 >2',
    ],
    [
      'keeps siblings of a missing message together',
      [
        ['b', 'a'],
        ['c', 'a'],
      ],
      '- >1 >2',
    ],
    [
      'makes an only child of a missing message a thread',
      [
        ['b', 'a'],
        ['c', 'x'],
      ],
      '1 | 2',
    ],
    [
      'promotes what is below several missing messages',
      [
        ['d', 'a b c'],
        ['e', 'a'],
      ],
      '- >1 >2',
    ],
    [
      'keeps what is below a missing message that is alone',
      [
        ['c', 'x y'],
        ['d', 'x y'],
      ],
      '- >1 >2',
    ],
    ['ends at a message of its own', [['a', 'a']], '1'],
    [
      'breaks circles',
      [
        ['a', 'b'],
        ['b', 'a'],
      ],
      '2 >1',
    ],
    [
      'breaks longer circles',
      [
        ['a', 'c'],
        ['b', 'a'],
        ['c', 'b'],
      ],
      '3 >1 >>2',
    ],
    [
      'believes a message about its parent more than others',
      [
        ['c', 'a b'],
        ['b', ''],
        ['d', 'a b c'],
      ],
      '2 >1 >>3',
    ],
    [
      'keeps the first parent that others name',
      [
        ['x', 'a m'],
        ['y', 'b m'],
        ['b', ''],
      ],
      '- >1 >2 | 3',
    ],
    [
      'gives an id that occurs twice to the first',
      [
        ['a', ''],
        ['a', '', 'other'],
        ['b', 'a'],
      ],
      '1 >3 | 2',
    ],
    [
      'threads what has no id',
      [
        ['', ''],
        ['', 'a'],
        ['a', ''],
        ['', 'a', 'x'],
      ],
      '1 | 3 >2 >4',
    ],
  ])('%s', async (_, messages, expected) => {
    const unlike = messages.map(
      ([id, references, subject], index): Short => [id, references, subject ?? `s${index}`],
    )
    expect(await threads(mailboxOf(unlike), 'references')).toBe(expected)
  })

  it.each<readonly [string, readonly Short[], string]>([
    [
      'puts a reply below what has its subject',
      [
        ['a', '', 'x'],
        ['b', '', 'Re: x'],
      ],
      '1 >2',
    ],
    [
      'puts a reply below what comes later',
      [
        ['b', '', 'Re: x'],
        ['a', '', 'x'],
      ],
      '2 >1',
    ],
    [
      'puts equals beside each other',
      [
        ['a', '', 'x'],
        ['b', '', 'X'],
      ],
      '- >1 >2',
    ],
    [
      'puts replies beside each other',
      [
        ['a', '', 'Re: x'],
        ['b', '', 'x (fwd)'],
      ],
      '- >1 >2',
    ],
    [
      'adds to those beside each other',
      [
        ['a', '', 'x'],
        ['b', '', 'x'],
        ['c', '', 'Re: x'],
        ['d', '', 'x'],
      ],
      '- >1 >2 >3 >4',
    ],
    [
      'adds to a missing message',
      [
        ['a', 'm', 'x'],
        ['b', 'm', 'y'],
        ['c', '', 'x'],
        ['d', '', 'Re: x'],
      ],
      '- >1 >2 >3 >4',
    ],
    [
      'joins missing messages',
      [
        ['a', 'm', 'x'],
        ['b', 'm', 'y'],
        ['c', 'n', 'x'],
        ['d', 'n', 'z'],
      ],
      '- >1 >2 >3 >4',
    ],
    [
      'leaves empty subjects apart',
      [
        ['a', '', ''],
        ['b', '', 'Re: '],
        ['c', '', '(fwd)'],
      ],
      '1 | 2 | 3',
    ],
    [
      'looks at the beginnings of threads only',
      [
        ['a', '', 'x'],
        ['b', 'a', 'y'],
        ['c', '', 'y'],
      ],
      '1 >2 | 3',
    ],
    [
      'takes the subject of the first child of a missing message',
      [
        ['b', 'm', 'y'],
        ['c', 'm', 'x'],
        ['d', '', 'Re: y'],
      ],
      '- >1 >2 >3',
    ],
  ])('%s', async (_, messages, expected) => {
    expect(await threads(mailboxOf(messages), 'references')).toBe(expected)
  })

  it('sorts threads and siblings by sent date', async () => {
    const day = (date: number): string => `Date: ${date} Jan 2026 00:00 +0000`
    const mailbox = new SummarisedMailbox([
      ['Message-ID: <a@x>', day(9), 'Subject: a'],
      ['Message-ID: <b@x>', 'References: <a@x>', day(8), 'Subject: b'],
      ['Message-ID: <c@x>', 'References: <a@x>', day(7), 'Subject: c'],
      ['Message-ID: <d@x>', 'References: <lost@x>', day(6), 'Subject: d'],
      ['Message-ID: <e@x>', 'References: <lost@x>', day(5), 'Subject: e'],
      ['Message-ID: <f@x>', day(5), 'Subject: f'],
      ['Message-ID: <g@x>', 'References: <a@x>', day(7), 'Subject: g'],
    ])
    expect(await threads(mailbox, 'references')).toBe('- >5 >4 | 6 | 1 >3 >7 >2')
    expect(await threads(mailbox, 'references', [2, 3, 7])).toBe('- >3 >7 >2')
  })

  it('takes the first id of In-Reply-To where References has none', async () => {
    const mailbox = new SummarisedMailbox([
      ['Message-ID: <a@x>', 'Subject: a'],
      ['Message-ID: <b@x>', 'Subject: b'],
      ['Message-ID: <"c"@x>', 'References: nonsense', 'In-Reply-To: mail of <b@x> and <a@x>', 'Subject: c'],
      ['Message-ID: <d@x>', 'In-Reply-To: <c@x>', 'References: <a@x>', 'Subject: d'],
      ['Message-ID: <e@x> <b@x>', 'In-Reply-To: <c@x>', 'Subject: e'],
    ])
    expect(await threads(mailbox, 'references')).toBe('1 >4 | 2 >3 >>5')
  })

  it('reads References that summaries leave out', async () => {
    const long = Array.from({ length: 700 }, (_, index) => `<lost${index}@example.org>`).join('\r\n ')
    const mailbox = new SummarisedMailbox([
      ['Message-ID: <a@x>', 'Subject: a'],
      ['Message-ID: <b@x>', 'Subject: b', `References: ${long} <a@x>`],
    ])
    expect(await threads(mailbox, 'references')).toBe('1 >2')
    expect(mailbox.read).toEqual([2])
  })

  it('takes the last of more references than anybody has', async () => {
    const many = Array.from({ length: 60_000 }, (_, index) => `<l${index}@x>`).join('\r\n ')
    const mailbox = new SummarisedMailbox([
      ['Message-ID: <a@x>', 'Subject: a'],
      ['Message-ID: <b@x>', 'Subject: b', `References: ${many}\r\n <a@x>`],
    ])
    expect(await threads(mailbox, 'references')).toBe('1 >2')
  })
})

describe('THREAD=REFS', () => {
  it('disregards subjects', async () => {
    const mailbox = mailboxOf([
      ['a', '', 'x'],
      ['b', '', 'Re: x'],
      ['c', 'a', 'y'],
      ['d', 'l', 'x'],
      ['e', 'l', 'x'],
    ])
    expect(await threads(mailbox, 'refs')).toBe('2 | 1 >3 | - >4 >5')
  })

  it('puts the thread with the latest message last', async () => {
    const mailbox = mailboxOf([
      ['a', ''],
      ['b', ''],
      ['c', 'b'],
      ['d', 'a'],
      ['e', ''],
    ])
    expect(await threads(mailbox, 'refs')).toBe('2 >3 | 1 >4 | 5')
    expect(await threads(mailbox, 'refs', [1, 2, 3])).toBe('1 | 2 >3')
  })

  it('puts threads whose latest messages were sent at once in the order of the mailbox', async () => {
    const mailbox = new SummarisedMailbox([
      ['Message-ID: <a@x>', 'Date: 1 Jan 2026 00:00 +0000'],
      ['Message-ID: <b@x>', 'Date: 2 Jan 2026 00:00 +0000'],
      ['Message-ID: <c@x>', 'References: <a@x>', 'Date: 2 Jan 2026 00:00 +0000'],
    ])
    expect(await threads(mailbox, 'refs')).toBe('1 >3 | 2')
  })
})

describe('threadMessages', () => {
  const algorithms: readonly ThreadAlgorithm[] = ['orderedsubject', 'references', 'refs']

  it.each(algorithms)('has every message once, by %s', async (algorithm) => {
    const mailbox = mailboxOf([
      ['a', 'b c'],
      ['b', 'c a'],
      ['c', 'a b'],
      ['', 'c'],
      ['b', 'lost'],
      ['d', 'lost'],
    ])
    const facts = new MessageFacts({ bytes: 2 ** 20 }).of('ann', mailbox)
    const { uids, depths } = await threadMessages(facts, algorithm, mailbox.uids)
    expect([...uids].filter((uid) => uid !== 0).sort()).toEqual([1, 2, 3, 4, 5, 6])
    expect(depths[0]).toBe(0)
    expect(uids.length).toBe(depths.length)
  })

  it.each(algorithms)('leaves out messages that were removed, by %s', async (algorithm) => {
    const mailbox = mailboxOf([
      ['a', ''],
      ['b', 'a', 'Re: a'],
      ['c', 'b', 'Re: a'],
    ])
    const all = mailbox.uids
    mailbox.messages = mailbox.messages.filter(({ uid }) => uid !== 2)
    expect((await threads(mailbox, algorithm, all)).match(/\d/g)).toEqual(['1', '3'])
  })

  it('follows a chain that goes through all messages', async () => {
    const length = 2_000
    const mailbox = mailboxOf(
      Array.from(
        { length },
        (_, index): Short => [`m${index}`, index === 0 ? '' : `m${index - 1}`, `s${index}`],
      ),
    )
    const facts = new MessageFacts({ bytes: 2 ** 28 }).of('ann', mailbox)
    for (const algorithm of ['references', 'refs'] as const) {
      const { uids, depths } = await threadMessages(facts, algorithm, mailbox.uids)
      expect(uids).toEqual(Uint32Array.from(mailbox.uids))
      expect(depths.at(-1)).toBe(length - 1)
    }
  })
})
