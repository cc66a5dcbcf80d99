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
