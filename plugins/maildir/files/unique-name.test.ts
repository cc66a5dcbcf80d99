import { fakeClock } from 'mailwright/testing'
import { expect, it } from 'vitest'
import { createNameSource, isOwnName } from './unique-name.ts'

it('names time, process, count, chance and host', () => {
  const next = createNameSource({
    clock: fakeClock(1_700_000_000_123),
    hostname: 'mail.example.org',
    pid: 42,
    random: () => '0123456789abcdef',
  })
  expect(next()).toBe('1700000000.M123000P42Q1R0123456789abcdef.mail.example.org')
  expect(next()).toBe('1700000000.M123001P42Q2R0123456789abcdef.mail.example.org')
})

it('goes on rising when the clock is set back', () => {
  const clock = fakeClock(1_700_000_000_999)
  const next = createNameSource({ clock, hostname: 'h' })
  next()
  clock.set(1_600_000_000_000)
  expect(next()).toMatch(/^1700000000\.M999001P/)
})

it('escapes what would end or extend a name', () => {
  const next = createNameSource({ clock: fakeClock(), hostname: 'a/b:c,d e\u00fc' })
  expect(next()).toMatch(/\.a\\057b\\072c\\054d_e_$/)
  expect(createNameSource({ clock: fakeClock(), hostname: '' })()).toMatch(/\.localhost$/)
  expect(createNameSource({ clock: fakeClock(), hostname: 'x'.repeat(300) })().length).toBeLessThan(150)
})

it('makes no name twice', () => {
  const next = createNameSource({ clock: fakeClock(), hostname: 'h' })
  expect(new Set(Array.from({ length: 1000 }, next)).size).toBe(1000)
})

it('knows its own names from those of other programs', () => {
  expect(isOwnName(`${createNameSource({ clock: fakeClock(), hostname: 'h' })()},S=1,W=1`)).toBe(true)
  for (const base of ['1700000000.M5P1V0I0_0.host', '1700000000.1_0.host', '1700000000.R5.host'])
    expect(isOwnName(base)).toBe(false)
})
