/** As much of a generated client as the tests use, whichever generator and version it is of. */
export interface PrismaClient {
  $connect(): Promise<void>
  $disconnect(): Promise<void>
  $transaction<T>(work: (transaction: PrismaClient) => Promise<T>): Promise<T>
  $extends(extension: unknown): PrismaClient
  $primary?: never
  twoFactorRecord: Model
  user: Model
}

export interface Model {
  findMany(query?: object): Promise<Row[]>
  findFirst(query?: object): Promise<Row | null>
  create(query: object): Promise<Row>
  createMany(query: object): Promise<{ count: number }>
  updateMany(query: object): Promise<{ count: number }>
  delete(query: object): Promise<Row>
  deleteMany(query?: object): Promise<{ count: number }>
  fields: Record<string, { name: string; typeName: string }>
}

export type Row = Record<string, unknown>

export type PrismaClientClass = new (options: { adapter: unknown; transactionOptions: object }) => PrismaClient
