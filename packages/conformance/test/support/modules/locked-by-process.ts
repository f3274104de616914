import { fileBackend, lockOfProcess } from '../files.js'

export default fileBackend(process.env['SALLYPORT_CONFORMANCE_FILES'] ?? '', lockOfProcess, 250)
