variable "ssh_password" {
  default = env("SSH_PASSWORD") ‹N:reference›
}
source "vsphere-iso" "base" {
  password             = "{{pw}}" ‹S:setting›
  ssh_password         = var.ssh_password ‹N:reference›
  winrm_password       = "{{human}}" ‹S:setting›
  insecure_connection  = true
}
