import { expect, test } from 'vitest'
import { QuietTasks } from './quiet-tasks.ts'

test('tasks run only while something is waited for, one after the other, and are finished first', async () => {
  const told: string[] = []
  const quiet = new QuietTasks()
  const task = (name: string) => async () => {
    told.push(`${name} begins`)
    await new Promise((resolve) => setImmediate(resolve))
    told.push(`${name} ends`)
  }
  quiet.add(task('first'))
  await new Promise((resolve) => setImmediate(resolve))
  expect(told).toEqual([])
  const { promise, resolve } = Promise.withResolvers<string>()
  const waiting = quiet.during(() => promise)
  quiet.add(task('second'))
  await new Promise((done) => setImmediate(done))
  resolve('line')
  expect(await waiting).toBe('line')
  expect(told.slice(0, 2)).toEqual(['first begins', 'first ends'])
  expect(told.length % 2).toBe(0)
  quiet.add(task('third'))
  await quiet.during(() => new Promise((done) => setTimeout(done, 5)))
  expect(told).toEqual(['first', 'second', 'third'].flatMap((name) => [`${name} begins`, `${name} ends`]))
})

test('a task that comes in whatever moment after another is not left lying', async () => {
  for (let turns = 0; turns < 12; turns += 1) {
    const tasks = new QuietTasks()
    const over = Promise.withResolvers<void>()
    const waiting = tasks.during(() => over.promise)
    const run: string[] = []
    tasks.add(async () => void run.push('one'))
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
    tasks.add(async () => void run.push('two'))
    for (let turn = 0; turn < 12; turn += 1) await Promise.resolve()
    expect(run).toEqual(['one', 'two'])
    over.resolve()
    await waiting
  }
})
