/** Builds the functions before they are packaged, with the configuration that is named: `--param="config=drayage.yaml"`, or `--param="bundle=FILE"`. */

const { execFileSync } = require('node:child_process')
const { join } = require('node:path')

module.exports = class Build {
  constructor({ service, serviceDir }) {
    const build = () => {
      const script = join(serviceDir, 'scripts/build-aws.ts')
      const options = { cwd: serviceDir, stdio: ['ignore', 'inherit', 'inherit'] }
      const { config, bundle } = service.custom
      execFileSync(process.execPath, [script, '--config', config, '--bundle', bundle], options)
    }
    this.hooks = { 'before:package:createDeploymentArtifacts': build }
  }
}
