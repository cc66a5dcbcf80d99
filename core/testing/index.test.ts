import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import * as kit from './index.ts'

it('is told of in docs/testing.md, export by export', async () => {
  const text = await readFile(new URL('../../docs/testing.md', import.meta.url), 'utf8')
  expect(Object.keys(kit).filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([])
})
