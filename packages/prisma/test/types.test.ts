/** What TypeScript says of generated clients, under the options of the repository. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { beforeAll, expect, it } from 'vitest'
import { generate } from './support/generated.js'

const repository = fileURLToPath(new URL('../../..', import.meta.url))

/** Each line that is expected to fail says by what. */
const program = (client: string) => `
import { prismaStore } from '@sallyport/prisma'
import { PrismaClient } from './${client}'
declare const options: ConstructorParameters<typeof PrismaClient>[0]
const prisma = new PrismaClient(options)
const extended = prisma
  .$extends({ client: { $hello: () => 'hello' }, model: { twoFactorRecord: { isThere: () => true } } })
  .$extends({ query: { $allModels: { $allOperations: ({ args, query }) => query(args) } } })
declare const replicated: typeof extended & { $primary(): typeof prisma }

prismaStore(prisma)
prismaStore(extended, { report: true })
prismaStore(prisma, { model: 'twoFactorRecord', report: ({ subject }) => ({ userId: Number(subject) }) })
prismaStore(replicated.$primary())
prismaStore(prisma, { model: 'twoFactor' }) // twoFactor
prismaStore(replicated) // $primary
prismaStore({ $connect() {}, $transaction() {} }) // twoFactorRecord
prismaStore(Promise.resolve(prisma)) // $connect
void prisma.$transaction(async transaction => prismaStore(transaction)) // $connect
void extended.$transaction(async transaction => prismaStore(transaction)) // $connect
`

const forms = ([7, 6] as const).flatMap(major => [
  { major, generator: 'prisma-client' as const, client: 'client/client.ts' },
  { major, generator: 'prisma-client-js' as const, client: 'client/index.js' },
])

type Complaint = { file: string; line: number; message: string }

let programs: { file: string; text: string }[]
let complaints: Complaint[]

beforeAll(async () => {
  programs = await Promise.all(
    forms.map(async ({ major, generator, client }) => ({
      file: join(await generate({ major, generator, database: 'postgresql' }), 'program.mts'),
      text: program(client),
    })),
  )
  complaints = typeCheck(new Map(programs.map(({ file, text }) => [file, text])))
})

it.each(forms.map((form, index) => ({ ...form, index })))(
  'R47: the types take a client of Prisma $major, $generator, but not of a transaction or of replicas',
  ({ index }) => {
    const { file, text } = programs[index] ?? { file: '', text: '' }
    const own = complaints.filter(complaint => complaint.file === file)
    expect(own).toHaveLength(6)
    for (const [number, line] of text.split('\n').entries()) {
      const word = line.match(/ \/\/ (\S+)$/)?.[1]
      const told = own.filter(complaint => complaint.line === number + 1).map(({ message }) => message)
      expect(told, line).toEqual(word === undefined ? [] : [expect.stringContaining(word)])
    }
  },
)

it('nothing else is amiss with the generated clients', () => {
  const files = programs.map(({ file }) => file)
  expect(complaints.filter(({ file }) => !files.includes(file))).toEqual([])
})

/** @param modules by their paths: they exist for the compiler alone */
function typeCheck(modules: ReadonlyMap<string, string>): Complaint[] {
  const { config } = ts.readConfigFile(join(repository, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, repository)
  options.allowImportingTsExtensions = true
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = path => modules.has(path) || fileExists(path)
  host.readFile = path => modules.get(path) ?? readFile(path)
  host.getSourceFile = (path, version, ...rest) => {
    const text = modules.get(path)
    return text === undefined ? getSourceFile(path, version, ...rest) : ts.createSourceFile(path, text, version, true)
  }
  const checked = ts.createProgram([...modules.keys()], options, host)
  return ts.getPreEmitDiagnostics(checked).map(({ file, start = 0, messageText }) => ({
    file: file?.fileName ?? '',
    line: (file?.getLineAndCharacterOfPosition(start).line ?? -1) + 1,
    message: ts.flattenDiagnosticMessageText(messageText, ' '),
  }))
}
