using System.Text;
using Portcullis.Gateway.Backends.Host.Processes;

namespace Portcullis.Tests.Gateway.Processes;

public sealed class GitProcessTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("portcullis-process-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task Output_and_exit_code_come_back()
    {
        var output = await Shell("cat; printf ' %s' \"$1\"").RunAsync(
            new GitInvocation { Subcommand = "sub", Arguments = ["argument"], Directory = directory }, "input"u8.ToArray(), 1000, TestContext.Current.CancellationToken);
        Assert.Equal("input argument", Encoding.UTF8.GetString(output));
    }

    [Fact]
    public async Task Failure_carries_exit_code_and_error_text()
    {
        var failure = await Assert.ThrowsAsync<GitFailedException>(() => Shell("echo broken >&2; exit 3").RunAsync(
            new GitInvocation { Subcommand = "sub", Directory = directory }, default, 1000, TestContext.Current.CancellationToken));
        Assert.Equal(3, failure.ExitCode);
        Assert.Contains("broken", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Environment_is_clean_and_configuration_is_no_argument()
    {
        Environment.SetEnvironmentVariable("PORTCULLIS_TEST_LEAK", "secret");
        var output = await Shell("echo \"arguments: $*\"; env").RunAsync(
            new GitInvocation { Subcommand = "sub", Directory = directory, Configuration = [("a.b", "value")] },
            default,
            10_000,
            TestContext.Current.CancellationToken);
        var lines = Encoding.UTF8.GetString(output).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("arguments: ", lines[0]);
        Assert.Contains("GIT_CONFIG_KEY_0=a.b", lines);
        Assert.Contains("GIT_CONFIG_VALUE_0=value", lines);
        Assert.DoesNotContain(lines, line => line.Contains("LEAK", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Child_gets_a_line_to_the_gateway_on_descriptor_3()
    {
        await using var process = Shell("echo question >&3; read -r answer <&3; echo \"got $answer\"").Start(
            new GitInvocation { Subcommand = "sub", Directory = directory, WithControl = true });
        var buffer = new byte[100];
        var read = await process.Control!.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
        Assert.Equal("question\n", Encoding.UTF8.GetString(buffer, 0, read));
        await process.Control.SendAsync("yes\n"u8.ToArray(), TestContext.Current.CancellationToken);
        read = await process.Output.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
        Assert.Equal("got yes\n", Encoding.UTF8.GetString(buffer, 0, read));
    }

    [Fact]
    public async Task Termination_ends_what_the_child_started_too()
    {
        var launcher = Shell("sleep 1000 &\necho $!; wait");
        var process = launcher.Start(new GitInvocation { Subcommand = "sub", Directory = directory });
        var buffer = new byte[100];
        var read = await process.Output.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
        var grandchild = Encoding.UTF8.GetString(buffer, 0, read).Trim();
        Assert.True(Directory.Exists("/proc/" + grandchild));
        Assert.Equal(1, launcher.Running);
        await process.DisposeAsync();
        Assert.Equal(0, launcher.Running);
        Assert.True(SpinWait.SpinUntil(() => HasEnded(grandchild), TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public async Task What_has_done_its_work_is_not_waited_for_and_yet_seen_to_its_end()
    {
        var launcher = Shell("mkfifo end; echo done; read -r word <end");
        var process = launcher.Start(new GitInvocation { Subcommand = "sub", Directory = directory, EndsWithItsInput = true });
        var buffer = new byte[100];
        await process.Output.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
        process.LeaveToEnd();
        await process.DisposeAsync();
        Assert.Equal(1, launcher.Running);
        await File.WriteAllTextAsync(Path.Combine(directory, "end"), "end\n", TestContext.Current.CancellationToken);
        Assert.True(SpinWait.SpinUntil(() => launcher.Running == 0, TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public async Task Signals_have_their_default_meaning_again()
    {
        // The runtime ignores SIGPIPE; a git that inherited that would go on writing to nobody.
        var output = await Shell("grep SigIgn /proc/self/status").RunAsync(
            new GitInvocation { Subcommand = "sub", Directory = directory }, default, 1000, TestContext.Current.CancellationToken);
        var ignored = Convert.ToUInt64(Encoding.UTF8.GetString(output).Split('\t')[1].Trim(), 16);

        // The C library's posix_spawn ignores its two internal signals, 32 and 33, whatever is asked (spawni.c).
        Assert.Equal(0UL, ignored & ~0x1_8000_0000UL);
    }

    [Fact]
    public async Task Output_beyond_its_bound_is_a_failure() => await Assert.ThrowsAsync<GitFailedException>(() =>
        Shell("head -c 100000 /dev/zero").RunAsync(
            new GitInvocation { Subcommand = "sub", Directory = directory }, default, 1000, TestContext.Current.CancellationToken));

    private static bool HasEnded(string id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return true;
        }
    }

    // The shell stands for git, and the subcommand is a script in the directory: nothing that was just written is executed.
    private GitLauncher Shell(string script)
    {
        File.WriteAllText(Path.Combine(directory, "sub"), script + "\n");
        return new GitLauncher("/bin/sh", "/dev/null", directory, TimeProvider.System);
    }
}
