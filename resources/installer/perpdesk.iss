; The installer for Windows (Inno Setup 6): ISCC.exe /DAppVersion=0.1.0 resources\installer\perpdesk.iss
; Untried so far: no Windows machine was at hand. It copies dist\perpdesk as built, for
; the present user alone (no administrator), and leaves the data folder when removed.
#ifndef AppVersion
  #error Give the version: /DAppVersion=0.1.0
#endif

[Setup]
AppId={{6E0C5B3C-8D0B-4B0E-9E6A-2F0C8B0E7D51}
AppName=Perpdesk
AppVersion={#AppVersion}
AppPublisher=The Perpdesk authors
DefaultDirName={localappdata}\Programs\Perpdesk
DefaultGroupName=Perpdesk
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0
LicenseFile=..\..\LICENSE
SetupIconFile=..\icons\perpdesk.ico
UninstallDisplayIcon={app}\perpdesk.exe
OutputDir=..\..\dist
OutputBaseFilename=perpdesk-setup
Compression=lzma2
SolidCompression=yes
WizardStyle=modern
CloseApplications=yes

[Tasks]
Name: "desktopicon"; Description: "{cm:CreateDesktopIcon}"; GroupDescription: "{cm:AdditionalIcons}"; Flags: unchecked

[InstallDelete]
; files of an older version must not be found beside the new ones
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "..\..\dist\perpdesk\*"; DestDir: "{app}"; Flags: ignoreversion recursesubdirs createallsubdirs

[Icons]
Name: "{group}\Perpdesk"; Filename: "{app}\perpdesk.exe"
Name: "{userdesktop}\Perpdesk"; Filename: "{app}\perpdesk.exe"; Tasks: desktopicon

[Run]
Filename: "{app}\perpdesk.exe"; Description: "{cm:LaunchProgram,Perpdesk}"; Flags: nowait postinstall skipifsilent
