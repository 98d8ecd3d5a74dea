using System.ComponentModel;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Portcullis.CredentialHelper.Processes;

/// <summary>The one place in which the helper starts programs: git, to read a setting, and the person's browser.</summary>
internal static class Programs
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>A setting of git's for an address, <c>credential.https://git.example.com.portcullisAuthority</c>; null when there is none.</summary>
    public static async Task<string?> GitSettingAsync(string name, string url)
    {
        using var git = Start("git", ["config", "--get-urlmatch", $"credential.{name}", url], redirects: true);
        if (git is null)
        {
            return null;
        }

        git.StandardInput.Close();
        using var limit = new CancellationTokenSource(s_patience);
        var value = await git.StandardOutput.ReadToEndAsync(limit.Token);
        await git.WaitForExitAsync(limit.Token);
        return git.ExitCode == 0 && value.TrimEnd('\n') is { Length: > 0 } text ? text : null;
    }

    /// <summary>Opens an address in the browser. False where there is none.</summary>
    public static bool OpenBrowser(string url)
    {
        var (program, arguments) = Environment.GetEnvironmentVariable("BROWSER") is { Length: > 0 } browser ? (browser, (string[])[url])
            : OperatingSystem.IsWindows() ? ("rundll32", ["url.dll,FileProtocolHandler", url])
            : OperatingSystem.IsMacOS() ? ("open", [url])
            : ("xdg-open", [url]);
        using var process = Start(program, arguments, redirects: false);
        return process is not null;
    }

    [SuppressMessage("ApiDesign", "RS0030", Justification = "This is the place: no shell, arguments as a list, and for a browser its own output away from git's.")]
    private static Process? Start(string program, string[] arguments, bool redirects)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = !redirects };
        try
        {
            return Process.Start(start);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
