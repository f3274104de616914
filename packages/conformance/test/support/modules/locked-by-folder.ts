import { fileBackend, lockOfFolder } from '../files.js'

export default fileBackend(process.env['SALLYPORT_CONFORMANCE_FILES'] ?? '', lockOfFolder)
