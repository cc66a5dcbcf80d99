export { hashPassword, needsRehash, verifyNothing, verifyPassword } from './password.ts'
export { passwordSchemes, type VerifyOptions } from './stored-hash.ts'
