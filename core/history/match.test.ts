import { describe, expect, test } from 'vitest'
import type { HistoryEntry, HistoryQuery } from '../services/history.ts'
import { matchEntries } from './match.ts'

const entries: readonly HistoryEntry[] = [
  { at: 1, verb: 'connected', session: 's1', text: 'transfer from 192.0.2.1' },
  { at: 2, verb: 'connected', session: 's2', text: 'transfer from 192.0.2.2' },
  { at: 3, verb: 'sender', session: 's1', transaction: 't1', text: 'Bob@example.org' },
  { at: 4, verb: 'sender', session: 's1', transaction: 't2', text: 'eve@example.org' },
  { at: 5, verb: 'accepted', session: 's1', transaction: 't1', text: '250' },
  { at: 6, verb: 'closed', session: 's1' },
  { at: 7, verb: 'stored', transaction: 't1', text: 'INBOX', facts: { quote: '"a b"@example.org' } },
  { at: 8, verb: 'delivered', transaction: 't3', text: 'by hand' },
]

/** The times of what is found; each entry is a part of its own when `split`. */
async function found(query: HistoryQuery, split = false): Promise<readonly number[]> {
  const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`)
  const parts = (split ? lines : [lines.join('')]).map((part) => Buffer.from(part))
  const matches = await matchEntries(query, async (visit) => parts.forEach(visit))
  return matches.map(({ at }) => at)
}

describe('matchEntries', () => {
  test.each<[HistoryQuery, readonly number[]]>([
    [{}, [1, 2, 3, 4, 5, 6, 7, 8]],
    [{ limit: 2 }, [7, 8]],
    [{ limit: 0 }, []],
    [{ text: 'bob@EXAMPLE.org' }, [3]],
    [{ text: '"a b"@example.org' }, [7]],
    [{ text: 'nobody' }, []],
    [{ since: new Date(4), until: new Date(6) }, [4, 5, 6]],
    [{ id: 't1' }, [1, 3, 5, 6, 7]],
    [{ id: 't2' }, [1, 4, 6]],
    [{ id: 't3' }, [8]],
    [{ id: 's1' }, [1, 3, 4, 5, 6, 7]],
    [{ id: 's2' }, [2]],
    [{ id: 't1', limit: 2 }, [6, 7]],
    [{ id: 't1', text: '192.0.2' }, [1]],
    [{ id: 't1', since: new Date(5) }, [5, 6, 7]],
    [{ id: 's' }, []],
    [{ id: '' }, []],
    [{ id: 'INBOX' }, []],
  ])('%j', async (query, times) => {
    expect(await found(query)).toEqual(times)
    expect(await found(query, true)).toEqual(times)
  })

  test('two entries that are alike are both found', async () => {
    const line = `${JSON.stringify({ at: 1, verb: 'verdict', session: 's', transaction: 't' })}\n`
    const octets = Buffer.from(line + line)
    expect(await matchEntries({ id: 't' }, async (visit) => visit(octets))).toHaveLength(2)
  })

  test('a search for all keeps no more than was asked for', async () => {
    const line = Buffer.from('{"at":1,"verb":"closed"}\n'.repeat(50_000))
    const matches = await matchEntries({ limit: 10 }, async (visit) => {
      for (let count = 0; count < 5; count++) visit(line)
    })
    expect(matches).toHaveLength(10)
  })
})
