# The container image for x86-64 and 64-bit ARM nodes at once; from the repository's root:
#   VERSION=1.2.3 docker buildx bake -f deploy/docker-bake.hcl --push --set vidsharp.tags=registry.example/vidsharp:1.2.3
# An image for several platforms can be pushed, not loaded; --set vidsharp.platform=linux/arm64 --load makes one of them.
variable "VERSION" {
  default = ""
}

group "default" {
  targets = ["vidsharp"]
}

target "vidsharp" {
  context    = "."
  dockerfile = "deploy/Dockerfile"
  platforms  = ["linux/amd64", "linux/arm64"]
  args       = { VERSION = VERSION }
  tags       = ["vidsharp"]
}
