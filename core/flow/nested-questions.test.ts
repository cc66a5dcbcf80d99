import { expect, test } from 'vitest'
import type { RouteAnswer, RouteQuestion } from '../model/delivery.ts'
import { definePlugin, noOptions } from '../plugin.ts'
import { createTestHost, type TestHost } from '../testing/test-host.ts'
import type { DeliveryFlow } from './flow.ts'
import { NestedQuestions } from './nested-questions.ts'

const address = { localPart: 'jo', domain: 'example.org' }

type Answer = (question: RouteQuestion, flow: DeliveryFlow) => Promise<RouteAnswer | undefined>

function hostWith(answer: Answer): Promise<TestHost> {
  const plugin = definePlugin({
    name: 'asking',
    parseOptions: noOptions,
    setup({ hooks, flow }) {
      hooks.delivery.route.tap('ask', (question) => answer(question, flow.delivery))
    },
  })
  return createTestHost({ plugins: [plugin()] })
}

test('plugins that ask each other for ever make it "not now", which is told once', async () => {
  let asked = 0
  await using host = await hostWith(async (_, flow) => {
    asked += 1
    const all = [1, 2, 3].map(() => flow.route({ address, original: { ...address } }))
    await Promise.all(all)
    return { kind: 'remote', address }
  })
  expect(await host.flow.delivery.route({ address, original: address })).toMatchObject({
    ok: false,
    reply: { code: 451 },
  })
  expect(asked).toBeLessThan(10_000)
  const told = host.log.lines.filter(({ event }) => event === 'internal-error')
  expect(told).toMatchObject([{ level: 'error', recipient: 'jo@example.org' }])
})

test('who asks the others first gets their answer', async () => {
  await using host = await hostWith(async (question, flow) => {
    if (question.address.localPart === 'al') return { kind: 'remote', address: question.address }
    const al = { localPart: 'al', domain: 'example.org' }
    const found = await flow.route({ address: al, original: al })
    return found.ok ? { kind: 'remote', address } : undefined
  })
  expect(await host.flow.delivery.route({ address, original: address })).toMatchObject({ ok: true })
})

test('what goes on behind an answer is no part of it', async () => {
  const nested = new NestedQuestions()
  const answers: Promise<string | undefined>[] = []
  let found = 0
  const ask = (left: number): Promise<string | undefined> =>
    nested.within(
      async () => {
        if (left > 0) answers.push(new Promise(setImmediate).then(() => ask(left - 1)))
        return 'answer'
      },
      () => {
        found += 1
      },
    )
  answers.push(ask(30))
  // More are asked while these are waited for.
  for (const answer of answers) expect(await answer).toBe('answer')
  expect(answers).toHaveLength(31)
  expect(found).toBe(0)
})
