import certificates from 'mailwright/plugins/certificates'
import database from 'mailwright/plugins/database'
import maildir from 'mailwright/plugins/maildir'
import queue from 'mailwright/plugins/queue'
import { createTestHost } from 'mailwright/testing'
import { expect, test } from 'vitest'
import { plain, section, tableRows } from '../../test/support/markdown.ts'
import { readText, sourceFiles } from '../../test/support/project-files.ts'
import metrics from './index.ts'

// What docs/operations.md says of metrics and checks is what the code says.

const written = section(readText('docs/operations.md'), '##', 'Metrics and health')
const rows = tableRows(written).map((cells) => cells.map(plain))
/** Tables of the database plugin, which are named in the same manner. */
const tables: ReadonlySet<string> = new Set([
  'mailwright_identity',
  'mailwright_locks',
  'mailwright_migrations',
])
const metricRows = rows.filter(([name = '']) => !name.includes('/'))

test('every metric that the sources name is in the table, in the order of the names', () => {
  const sources = sourceFiles(['core', 'plugins']).map(readText)
  const named = sources.flatMap((source) => [...source.matchAll(/'((?:mailwright|process)_[a-z0-9_]+)'/g)])
  const names = new Set(named.map(([, name = '']) => name).filter((name) => !tables.has(name)))
  expect(metricRows.map(([name]) => name)).toEqual([...names].sort())
})

test('types, labels, meanings and checks are those of a running server', async () => {
  await using host = await createTestHost({
    plugins: [database(), certificates(), maildir(), queue(), metrics({ path: '/unused/socket' })],
  })
  const families = await host.host.instruments.metrics.gather()
  const told = families.map(({ name, type, labels, help }) => [name, type, labels.join(', '), help])
  const listed = metricRows.map(([name, type, labels, help]) => [name, type, labels, help])
  expect(listed).toEqual(expect.arrayContaining(told))
  const { state, checks } = await host.host.instruments.health.report()
  expect(state).toBe('pass')
  const known = rows.map(([name = '']) => name).filter((name) => name.includes('/'))
  expect(known).toEqual(expect.arrayContaining(checks.map(({ name }) => name)))
})
