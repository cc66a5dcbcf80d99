// The test kit, for plugins of all authors. It needs vitest, which the user's package brings.

export { overlay } from '../overlay.ts'
export { addressOf } from './address-of.ts'
export { type CapturedLine, type CapturedLog, capturedLog } from './captured-log.ts'
export { type AccountsContractOptions, accountsCases, accountsContract } from './contracts/accounts.ts'
export {
  type AccountsFixture,
  type AccountsSeed,
  accountsSeed,
  seedAccounts,
} from './contracts/accounts-fixture.ts'
export {
  type ClassifierContractOptions,
  classifierCases,
  classifierContract,
} from './contracts/classifier.ts'
export type { ClassifierFixture } from './contracts/classifier-cases.ts'
export { type CaseFailure, type ContractCase, runCases } from './contracts/contract.ts'
export { codeOf, expectCode } from './contracts/expectations.ts'
export {
  createQueueSubject,
  type QueueContractOptions,
  queueCases,
  queueContract,
} from './contracts/queue.ts'
export type { QueueFixture, QueueSubject, QueueSurroundings } from './contracts/queue-fixture.ts'
export { type StoreContractOptions, storeCases, storeContract } from './contracts/store.ts'
export { type AnnouncedChange, fixtureAccountById, type StoreFixture } from './contracts/store-fixture.ts'
export { loginByCramMd5 } from './cram-md5-login.ts'
export {
  Dialogue,
  type DialogueOptions,
  dialogueOverTcp,
  type TcpDialogueOptions,
} from './dialogue/dialogue.ts'
export { linePattern } from './dialogue/pattern.ts'
export { DialogueError, runDialogue } from './dialogue/run-dialogue.ts'
export { type DialogueStep, parseDialogue } from './dialogue/script.ts'
export { type FakeClock, fakeClock } from './fake-clock.ts'
export { type FakeRecords, type FakeResolver, fakeResolver } from './fake-resolver.ts'
export type { FaultRule, PlannedCall } from './fault-plan.ts'
export { type DatabaseFault, type FaultyDatabase, faultyDatabase } from './faulty-database.ts'
export {
  type FaultyFileSystem,
  type FileSystemFault,
  faultyFileSystem,
  systemError,
} from './faulty-file-system.ts'
export { liveMemory } from './live-memory.ts'
export { type MemoryConnection, type MemoryConnectionOptions, memoryConnection } from './memory-connection.ts'
export type { ConnectOptions } from './memory-listeners.ts'
export { type RecordedRetrieval, recordedRetrieval } from './recorded-retrieval.ts'
export { ScramClient, type ScramClientOptions } from './scram-client.ts'
export { loginByScram } from './scram-login.ts'
export { type MailAnswer, sendMail, type TestMail } from './send-mail.ts'
export { createTestHost, type TestHost, type TestHostOptions } from './test-host.ts'
