#Requires -Version 5.1
# quaymaster kit 0123456789abcdef, made for web1.
# Run it as it is to see what it would do; -Apply does it, -Undo goes back.
# -LockMeOut, with -Apply, also closes the port by which this session came in.
# Not in it: unit-stop:telnet.socket: it is for Linux; --format shell has it
# Not in it: sysv-stop:nis: it is for Linux; --format shell has it
# Not in it: inetd-stop:finger: it is for Linux; --format shell has it
# Not in it: inetd-stop:tftp: it is for Linux; --format shell has it
# Not in it: bind:postgresql: it is for Linux; --format shell has it
# Not in it: bind:named: it is for Linux; --format shell has it
# Not in it: bind:cups: it is for Linux; --format shell has it
# Not in it: bind:postfix: it is for Linux; --format shell has it
# Not in it: sandbox:cron: it is for Linux; --format shell has it
# Not in it: firewall: it is for Linux; --format shell has it
# Not in it: published: it is for Linux; --format shell has it
# Not in it: package-remove:telnetd: it is for Linux; --format shell has it
# SPDX-License-Identifier: GPL-2.0-or-later
[CmdletBinding(SupportsShouldProcess = $true)]
param(
        [switch] $Apply,
        [switch] $Undo,
        [switch] $LockMeOut
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
if (-not $Apply -and -not $Undo) { $WhatIfPreference = $true }
$script:Failed = 0

function Write-Failure([string] $Text) {
        Write-Warning $Text
        $script:Failed = 1
}

function Get-StateFolder { Join-Path $env:ProgramData ('quaymaster-kit\' + $KitId) }

function Get-Group { 'quaymaster kit ' + $KitId }

# What is there now, kept once: a second run must not take our own work for what was there before.
function Save-Service($Service, [string] $StartMode) {
        $folder = Get-StateFolder
        $file = Join-Path $folder ($Service.Name + '.json')
        if (Test-Path -LiteralPath $file) { return }
        New-Item -ItemType Directory -Force -Path $folder -WhatIf:$false | Out-Null
        @{ Name = $Service.Name; StartMode = $StartMode; Status = [string] $Service.Status } |
                ConvertTo-Json | Set-Content -LiteralPath $file -Encoding UTF8 -WhatIf:$false
}

function Get-StartMode([string] $Name) {
        (Get-CimInstance -ClassName Win32_Service -Filter ('Name="' + $Name + '"')).StartMode
}

function Stop-KitService {
        [CmdletBinding(SupportsShouldProcess = $true)]
        param([string] $Name)

        $service = Get-Service -Name $Name -ErrorAction SilentlyContinue
        if (-not $service) {
                Write-Output ('  ' + $Name + ' is not on this machine')
                return
        }
        $mode = Get-StartMode $Name
        if ($mode -eq 'Disabled' -and $service.Status -eq 'Stopped') {
                Write-Output ('  ' + $Name + ' is already stopped and disabled')
                return
        }
        $dependent = @($service.DependentServices | Where-Object { $_.Status -ne 'Stopped' })
        if ($dependent.Count -gt 0) {
                Write-Failure ($Name + ' is needed by ' + ($dependent.Name -join ', ') + '; stop these first')
                return
        }
        if ($PSCmdlet.ShouldProcess($Name, 'stop and disable the service')) {
                try {
                        Save-Service $service $mode
                        Set-Service -Name $Name -StartupType Disabled
                        Stop-Service -Name $Name
                } catch {
                        Write-Failure ($Name + ' could not be stopped: ' + $_.Exception.Message)
                }
        }
}

# The port by which this session came in, as far as Windows tells; 0: at the console, or not known.
function Get-SessionPort {
        if ($env:SSH_CONNECTION) { return [int] ($env:SSH_CONNECTION -split ' ')[3] }
        if (Get-Variable -Name PSSenderInfo -ErrorAction SilentlyContinue) { return 5985 }
        if ($env:SESSIONNAME -like 'RDP-*') { return 3389 }
        return 0
}

function Test-Closes([string] $Ports) {
        $port = Get-SessionPort
        $range = $Ports -split '-'
        return ($port -ge [int] $range[0]) -and ($port -le [int] $range[-1])
}

# Of a rule that blocks and one that allows, Windows takes the one that blocks.
function Add-KitRule {
        [CmdletBinding(SupportsShouldProcess = $true)]
        param([string] $Action, [string] $Protocol, [string] $Ports, [string[]] $From)

        $name = 'quaymaster-' + $KitId + '-' + $Action + '-' + $Protocol + '-' + $Ports
        if ($Action -eq 'Block' -and $Protocol -eq 'TCP' -and -not $LockMeOut -and (Test-Closes $Ports)) {
                Write-Failure ('this session came in by port ' + $Ports + ', which is left open; -LockMeOut closes it')
                return
        }
        if (Get-NetFirewallRule -Name $name -ErrorAction SilentlyContinue) {
                Write-Output ('  ' + $Ports + '/' + $Protocol + ': the rule is there already')
                return
        }
        if ($PSCmdlet.ShouldProcess($Ports + '/' + $Protocol, $Action + ' it in Windows Firewall')) {
                try {
                        New-NetFirewallRule -Name $name -DisplayName $name -Group (Get-Group) -Direction Inbound `
                                -Action $Action -Protocol $Protocol -LocalPort $Ports -RemoteAddress $From -Profile Any |
                                Out-Null
                } catch {
                        Write-Failure ('the rule for ' + $Ports + ' could not be made: ' + $_.Exception.Message)
                }
        }
}

function Undo-Service {
        [CmdletBinding(SupportsShouldProcess = $true)]
        param([string] $File)

        $was = Get-Content -LiteralPath $File -Raw -Encoding UTF8 | ConvertFrom-Json
        $types = @{ Auto = 'Automatic'; Manual = 'Manual'; Disabled = 'Disabled' }
        if ((Get-StartMode $was.Name) -ne 'Disabled') {
                Write-Failure ($was.Name + ' was changed since, and is left as it is')
                return
        }
        if ($PSCmdlet.ShouldProcess($was.Name, 'put the service back')) {
                try {
                        Set-Service -Name $was.Name -StartupType $types[$was.StartMode]
                        if ($was.Status -eq 'Running') { Start-Service -Name $was.Name }
                        Remove-Item -LiteralPath $File
                } catch {
                        Write-Failure ($was.Name + ' could not be put back: ' + $_.Exception.Message)
                }
        }
}

function Undo-Kit {
        [CmdletBinding(SupportsShouldProcess = $true)]
        param()

        $rules = @(Get-NetFirewallRule -Group (Get-Group) -ErrorAction SilentlyContinue)
        if ($rules.Count -gt 0 -and $PSCmdlet.ShouldProcess((Get-Group), 'remove the rules of this kit')) {
                $rules | Remove-NetFirewallRule
        }
        $folder = Get-StateFolder
        if (Test-Path -LiteralPath $folder) {
                Get-ChildItem -LiteralPath $folder -Filter '*.json' | ForEach-Object { Undo-Service $_.FullName }
        }
}

function Test-Administrator {
        $who = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())
        return $who.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
}

function Invoke-Kit {
        if (-not $WhatIfPreference -and -not (Test-Administrator)) {
                Write-Warning 'this needs a session of an administrator'
                return
        }
        Write-Output ('quaymaster kit ' + $KitId + ', made for ' + $KitHost)
        if ($Undo) { Undo-Kit } else { Invoke-Actions }
        if (-not $Apply -and -not $Undo) { Write-Output 'Nothing was changed. -Apply does it, -Undo goes back.' }
}

$KitId = '0123456789abcdef'
$KitHost = 'web1'

function Invoke-Actions {

        # windows-service:TlntSvr
        # Nobody was named who needs it.
        # Risk: low. It doesnt start until it is unmasked
        Write-Output 'Stop TlntSvr'
        Stop-KitService 'TlntSvr'
        Stop-KitService 'SNMP'

        # windows-firewall
        # Nobody was named who needs it.
        # Risk: low. It doesnt start until it is unmasked
        Write-Output 'Close ports'
        Add-KitRule 'Block' 'TCP' '445' @('Internet')
        Add-KitRule 'Block' 'UDP' '137-138' @('Any')
        Add-KitRule 'Allow' 'TCP' '3389' @('192.0.2.7-192.0.2.7', '10.20.0.0-10.20.255.255')
}

Invoke-Kit
exit $script:Failed
