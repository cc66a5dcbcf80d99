import { fakeClock } from '../fake-clock.ts'
import { bindContract, type ContractCase, selectCases } from './contract.ts'
import { queueContractCases } from './queue-cases.ts'
import {
  type QueueFixture,
  type QueueSubject,
  type QueueSurroundings,
  queueHas,
  ScriptedDelivery,
} from './queue-fixture.ts'

export interface QueueContractOptions {
  /** What the suite is called: the plugin's name. */
  readonly name: string
  /** Makes an empty queue in surroundings that the case controls. Called for every case, and once beforehand. */
  create(surroundings: QueueSurroundings): Promise<QueueFixture>
}

/** The cases that apply to a queue, by what it supports. */
export function queueCases(probe: QueueFixture): readonly ContractCase<QueueSubject>[] {
  const surroundings = { delivery: new ScriptedDelivery(), clock: fakeClock() }
  return selectCases(queueContractCases, queueHas, { ...probe, ...surroundings })
}

/** Makes what a case is run on. */
export async function createQueueSubject(create: QueueContractOptions['create']): Promise<QueueSubject> {
  const surroundings = { delivery: new ScriptedDelivery(), clock: fakeClock() }
  return { ...(await create(surroundings)), ...surroundings }
}

/** The contract suite of the `queue` service: the promise that what was answered with 250 is not lost. */
export function queueContract(options: QueueContractOptions): void {
  const create = (): Promise<QueueSubject> =>
    createQueueSubject((surroundings) => options.create(surroundings))
  bindContract(`${options.name}: the queue contract`, create, queueCases)
}
