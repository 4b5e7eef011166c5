/** Builds the functions before they are packaged, with the configuration that is named: `--param="config=drayage.yaml"`. */

const { execFileSync } = require('node:child_process')
const { join } = require('node:path')

module.exports = class Build {
  constructor({ service, serviceDir }) {
    const build = () => {
      const script = join(serviceDir, 'scripts/build-aws.ts')
      const options = { cwd: serviceDir, stdio: ['ignore', 'inherit', 'inherit'] }
      execFileSync(process.execPath, [script, '--config', service.custom.config], options)
    }
    this.hooks = { 'before:package:createDeploymentArtifacts': build }
  }
}
