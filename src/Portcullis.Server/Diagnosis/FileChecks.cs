using Portcullis.Tokens.Keys;

namespace Portcullis.Server.Diagnosis;

/// <summary>Folders, keys and space.</summary>
internal static class FileChecks
{
    private const long LittleSpace = 1L << 30;
    private const long TooLittleSpace = 64L << 20;

    /// <summary>Folders that only this user may enter.</summary>
    public static IEnumerable<Finding> Folders(Installation installation)
    {
        var configuration = installation.Configuration;
        foreach (var (topic, folder) in new[]
        {
            ("data", configuration.Data), ("keys", installation.KeysDirectory), ("repositories", configuration.Repositories.Root), ("audit", configuration.Audit.Directory),
        })
        {
            yield return Folder(topic, folder);
        }
    }

    /// <summary>The audit log's key.</summary>
    public static Finding AuditKey(Installation installation)
    {
        const string Topic = "audit key";
        var path = installation.AuditKeyPath;
        return !File.Exists(path) ? Finding.Warning(Topic, $"There is none yet in {path}.", "The first `portcullis serve` makes it.")
            : SigningKeyFile.FindModeProblem(path) is { } problem ? Finding.Wrong(Topic, problem, $"chmod 600 {path}")
            : Finding.Good(Topic, $"in {path}");
    }

    /// <summary>Free space where things grow.</summary>
    public static IEnumerable<Finding> Space(Installation installation)
    {
        foreach (var (topic, folder) in new[] { ("space for repositories", installation.Configuration.Repositories.Root), ("space for the audit log", installation.Configuration.Audit.Directory) })
        {
            if (!Directory.Exists(folder))
            {
                continue;
            }

            var free = new DriveInfo(folder).AvailableFreeSpace;
            var text = $"{free / (1 << 20)} MiB are free in {folder}.";
            yield return free < TooLittleSpace ? Finding.Wrong(topic, text, "Make room: pushes fail, and with audit.required nothing is allowed any more once it is full.")
                : free < LittleSpace ? Finding.Warning(topic, text, "Make room soon.")
                : Finding.Good(topic, text);
        }
    }

    private static Finding Folder(string topic, string folder)
    {
        if (!Directory.Exists(folder))
        {
            return Finding.Warning(topic, $"{folder} isn't there yet.", "The first `portcullis serve` makes it.");
        }

        if (!OperatingSystem.IsWindows())
        {
            var mode = File.GetUnixFileMode(folder);
            if ((mode & (UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute)) != 0)
            {
                return Finding.Wrong(topic, $"Others may enter or change {folder} (mode {Convert.ToString((int)mode, 8)}).", $"chmod 700 {folder}");
            }
        }

        var probe = Path.Combine(folder, $".doctor-{Guid.NewGuid():N}");
        try
        {
            File.WriteAllText(probe, "");
            File.Delete(probe);
            return Finding.Good(topic, folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Finding.Wrong(topic, $"{folder} can't be written: {exception.Message}", "Give it to the user that runs portcullis, and see that the disk isn't full or read-only.");
        }
    }
}
