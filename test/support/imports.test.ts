import { expect, test } from 'vitest'
import { importsOf, packageOf } from './imports.ts'
import { readText } from './project-files.ts'

test('finds every way of importing, and what is only a type', () => {
  const source = `import 'side-effect'
import value, { type Kind } from './value.ts'
import type { Only } from 'types'
import {
  type First,
  type Second,
} from '@scope/pack/deep.js'
// import { not } from 'a-comment'
/** import { nor } from 'a-doc-comment' */
export * from './all.ts'
export type { Third } from './third.ts'
const later = await import('node:fs')
let shape: import('shape').Shape
const text = "import { neither } from 'a-text'"
`
  const found = importsOf(source)
  expect(found.slice(0, 5).map(({ names }) => names)).toEqual([
    ['default', 'Kind'],
    ['Only'],
    ['First', 'Second'],
    ['*'],
    ['Third'],
  ])
  expect(found.map(({ from, typeOnly }) => `${from} ${typeOnly}`)).toEqual([
    './value.ts false',
    'types true',
    '@scope/pack/deep.js true',
    './all.ts false',
    './third.ts true',
    'side-effect false',
    'node:fs false',
    'shape true',
  ])
})

test('finds as many as a source has lines for them', () => {
  const source = readText('core/host.ts')
  const lines = source.split('\n').filter((line) => /^(import .*|\} )from '/.test(line))
  expect(importsOf(source).length).toBe(lines.length)
})

test('names packages', () => {
  expect(['./a.ts', 'node:fs', 'knex', 'smtp-server/lib/x.js', '@a/b/c'].map(packageOf)).toEqual([
    undefined,
    undefined,
    'knex',
    'smtp-server',
    '@a/b',
  ])
})
