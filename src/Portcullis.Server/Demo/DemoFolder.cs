using System.Net;
using System.Net.Sockets;
using Portcullis.Server.Commands;

namespace Portcullis.Server.Demo;

/// <summary>What the demo keeps: its configuration, its data, and Alice's token with the git settings that use it.</summary>
internal sealed class DemoFolder(string folder)
{
    /// <summary>The port that it would like to have.</summary>
    public const int UsualPort = 7080;

    /// <summary>The folder.</summary>
    public string Path => folder;

    /// <summary>The configuration file, for other commands on the same data.</summary>
    public string ConfigurationFile => In("portcullis.yaml");

    /// <summary>Alice's token, new for as long as the demo runs.</summary>
    public string TokenFile => In("alice.token");

    /// <summary>Git settings: who Alice is, and that git takes the token from its file.</summary>
    public string GitConfiguration => In("alice.gitconfig");

    /// <summary>Makes the folder and the configuration for an address.</summary>
    public void Write(string url)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        File.WriteAllText(ConfigurationFile, $"""
            # Made by `portcullis demo`, anew at each start.
            server: {"{"} listen: ["{url}"], publicUrl: "{url}" {"}"}
            data: ./data

            """);
        WriteGitConfiguration();
    }

    /// <summary>Puts a new token in the place of the one before.</summary>
    public void WriteToken(string token) => PrivateFile.Replace(TokenFile, token + "\n");

    /// <summary>The usual port if it is free, else any.</summary>
    public static int ChoosePort(int? wanted)
    {
        foreach (var port in wanted is { } only ? [only] : (int[])[UsualPort, 0])
        {
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            catch (SocketException) when (port == UsualPort && wanted is null)
            {
                // Somebody else has it: any other will do.
            }
            catch (SocketException exception)
            {
                throw new CommandFailedException($"Port {port} can't be had: {exception.Message}");
            }
        }

        throw new CommandFailedException("No port is free.");
    }

    private void WriteGitConfiguration()
    {
        // The first, empty helper leaves out those that the machine has, so that the demo's token is stored nowhere else.
        var token = TokenFile.Replace("'", "'\\''", StringComparison.Ordinal).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
        File.WriteAllText(GitConfiguration, $"""
            # Made by `portcullis demo`. Git asks this helper for a password and gets the token out of its file:
            # no URL and no command line holds it.
            [user]
                name = Alice
                email = alice@example.com
            [credential]
                helper =
                helper = "!f() {"{"} test \"$1\" = get && echo username=alice && echo password=$(cat '{token}'); {"}"}; f"

            """);
    }

    private string In(string name) => System.IO.Path.Combine(folder, name);
}
