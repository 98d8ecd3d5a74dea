using Portcullis.Server.Configuration;
using Portcullis.Server.Configuration.Policies;

namespace Portcullis.Fuzz.Targets;

internal static class SettingsTargets
{
    private static readonly Dictionary<string, string> s_noEnvironment = [];

    public static bool Policy(byte[] input)
    {
        var check = PolicyReader.Read(input, "policy.yaml");
        FuzzFailureException.Unless(check.Policy is null == check.Problems.Count > 0, "a policy is refused with a reason, and only then");
        FuzzFailureException.Unless(check.Problems.All(IsOneLine), "a problem is one line");
        return check.Policy is not null;
    }

    public static bool PolicyCases(byte[] input)
    {
        try
        {
            return PolicyCaseReader.Read(input, "cases.yaml").Count > 0;
        }
        catch (ConfigurationException exception)
        {
            FuzzFailureException.Unless(exception.Problems.Count > 0 && exception.Problems.All(IsOneLine), "a problem is one line");
            return false;
        }
    }

    public static bool Configuration(byte[] input)
    {
        try
        {
            var options = ConfigurationLoader.Parse(input, s_noEnvironment, Path.GetTempPath()).Options;
            FuzzFailureException.Unless(options.Server.Listen.Count > 0 && options.Server.PublicUrl.Length > 0, "the program listens somewhere and knows its name");
            FuzzFailureException.Unless(Path.IsPathFullyQualified(options.Data) && Path.IsPathFullyQualified(options.Repositories.Root), "paths are absolute");
            return true;
        }
        catch (ConfigurationException exception)
        {
            FuzzFailureException.Unless(exception.Problems.Count > 0 && exception.Problems.All(IsOneLine), "a problem is one line");
            return false;
        }
    }

    private static bool IsOneLine(ConfigurationProblem problem) => !problem.ToString().Any(char.IsControl);
}
