using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Portcullis.Audit;

namespace Portcullis.Tests.Audit;

/// <summary>
/// A process of its own that appends to a log until it is killed, and prints the number of each record that was confirmed.
/// It is this test program again: the variable tells it what to be.
/// </summary>
internal static class KilledProcess
{
    private const string FolderVariable = "PORTCULLIS_TESTS_AUDIT_FOLDER";

    public static Process Start(string folder, string keyFile)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardInput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(KilledProcess).Assembly.Location);
        }

        start.Environment[FolderVariable] = folder + "\n" + keyFile;
        return Process.Start(start)!;
    }

    /// <summary>
    /// Runs before the program's own Main, and never returns to it. All on this thread: others wait for a module's initializer
    /// before they may run code of the module.
    /// </summary>
    [ModuleInitializer]
    internal static void AppendUntilKilled()
    {
        if (Environment.GetEnvironmentVariable(FolderVariable)?.Split('\n') is not [var folder, var keyFile])
        {
            return;
        }

        var options = new AuditLogOptions
        {
            Directory = folder, Node = "gw1", Signer = AuditSigningKey.LoadOrCreate(keyFile), MaxFileBytes = 64 << 10, CheckpointEvery = 50,
        };
        var log = AuditLog.OpenAsync(options, TimeProvider.System).AsTask().GetAwaiter().GetResult();
        using var output = Console.OpenStandardOutput();
        for (var i = 0; ; i++)
        {
            log.AppendAsync(LogFixture.Record($"r{i}"), durable: i % 20 == 0).AsTask().GetAwaiter().GetResult();
            output.Write(System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{i}\n")));
        }
    }
}
