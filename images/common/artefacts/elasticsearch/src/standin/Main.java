package standin;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/**
 * Starts one Elasticsearch node from the jars of Maven Central, which do not hold the launcher, the security module or the
 * other modules of the distribution. Settings come from config/elasticsearch.yml and, as in the official image, from environment
 * variables: those whose name has a dot, and ES_SETTING_NAME.
 */
public final class Main {
    /** Settings of modules that are not here. Without this, Elasticsearch would refuse to start because of them. */
    private static final Set<String> ABSENT = Set.of("xpack.", "ingest.geoip.", "reindex.", "bootstrap.");

    public static void main(String[] args) throws Exception {
        Path home = Path.of(System.getProperty("es.path.home"));
        Settings base = Settings.builder().put("path.home", home).build();
        LogConfigurator.configureESLogging();
        Environment environment = InternalSettingsPreparer.prepareEnvironment(
            base, settings(System.getenv()), home.resolve("config"), () -> System.getenv("HOSTNAME"));
        LogConfigurator.setNodeName(Node.NODE_NAME_SETTING.get(environment.settings()));
        LogConfigurator.configure(environment, true);

        // false: the server is on the class path here, so it has no Java module whose exports could be extended.
        PluginsLoader modules = PluginsLoader.createPluginsLoader(
            PluginsLoader.loadModulesBundles(environment.modulesDir()), Set.of(), Map.of(), false);

        Node node = new Node(environment, modules);
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(node, stopped), "shutdown"));
        node.start();
        stopped.await();
    }

    private static Map<String, String> settings(Map<String, String> variables) {
        Map<String, String> found = new TreeMap<>();
        variables.forEach((variable, value) -> {
            String name = settingName(variable);
            if (name == null) return;
            if (ABSENT.stream().anyMatch(name::startsWith)) {
                System.out.println("ignored, this stand-in has no such module: " + name);
            } else {
                found.put(name, value);
            }
        });
        return found;
    }

    /** The setting that an environment variable stands for, or null. In ES_SETTING_A_B__C one _ is a dot and two are one _. */
    private static String settingName(String variable) {
        if (variable.startsWith("ES_SETTING_")) {
            String name = variable.substring("ES_SETTING_".length()).toLowerCase(java.util.Locale.ROOT);
            return name.replace("__", "\0").replace('_', '.').replace('\0', '_');
        }
        return variable.matches("[a-z][a-z0-9_-]*(\\.[a-z0-9_-]+)+") ? variable : null;
    }

    private static void stop(Node node, CountDownLatch stopped) {
        try {
            node.prepareForClose();
            node.close();
            node.awaitClose(20, TimeUnit.SECONDS);
        } catch (Exception error) {
            error.printStackTrace();
        } finally {
            stopped.countDown();
        }
    }
}
